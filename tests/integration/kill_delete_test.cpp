// runtime.md, "Kill" and "Delete", with the texts and deviations that engines rely on.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include "support/census.hpp"
#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

TEST_CASE("kill: the signal's name with and without SIG, its number, and TERM by default", "[kill]") {
  NEEDS_ROOT();
  const auto [spelling, number] = GENERATE(table<std::string, int>({{"", SIGTERM},
                                                                    {"TERM", SIGTERM},
                                                                    {"SIGTERM", SIGTERM},
                                                                    {"15", SIGTERM},
                                                                    {"HUP", SIGHUP},
                                                                    {"SIGUSR2", SIGUSR2},
                                                                    {"10", SIGUSR1},
                                                                    {"sigint", SIGINT}}));
  const Bundle bundle("await " + std::to_string(number) + " 0");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("awaiting");
  std::vector<std::string> args = {"kill", container.id()};
  if (!spelling.empty()) args.push_back(spelling);
  const Finished done = container.call(args);
  INFO(spelling << ": " << done.err);
  CHECK(done.status == 0);
  container.wait_for("stopped");
  CHECK(container.facts()["signal"] == std::to_string(number));
}

TEST_CASE("kill: real-time signals by name and number", "[kill]") {
  NEEDS_ROOT();
  const Bundle bundle("await 37 0");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("awaiting");
  CHECK(container.call({"kill", container.id(), "37"}).status == 0);
  container.wait_for("stopped");
}

TEST_CASE("kill: what is no signal is refused without effect", "[kill]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  for (const char* bad : {"NOPE", "SIGNOPE", "9x", "65", "-1", "4294967305"}) {
    INFO(bad);
    const Finished done = container.call({"kill", container.id(), bad});
    CHECK(done.status != 0);
    CHECK(done.err != "");
  }
  CHECK(container.status() == "running");
}

TEST_CASE("kill: works on a created container (runtime.md, Kill)", "[kill]") {
  NEEDS_ROOT();
  // the kernel spares the first process of a pid namespace the default action of all but KILL
  const auto* const signal = GENERATE("KILL", "TERM", "INT", "HUP", "QUIT");
  INFO(signal);
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  CHECK(container.call({"kill", container.id(), signal}).status == 0);
  container.wait_for("stopped");
}

TEST_CASE("kill: what ends a created container means to its process what it means to any", "[kill]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  const auto caught = proc_status(container.pid(), "SigCgt");
  CHECK(caught == "0000000000000000");
}

TEST_CASE("kill: of a stopped container fails (runtime.md, Kill)", "[kill]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for("stopped");
  const Finished done = container.call({"kill", container.id(), "KILL"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("container not running"));
  CHECK(container.status() == "stopped");
}

TEST_CASE("kill: of an unknown container fails with the words that engines look for", "[kill]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  const Finished done = container.call({"kill", "nobody", "KILL"});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("does not exist"));
}

TEST_CASE("kill: --all reaches every process", "[kill]") {
  NEEDS_ROOT();
  // no pid namespace of its own: the child would outlive its parent
  const Bundle bundle("leave-child ; hold", [](json& config) { config["linux"]["namespaces"].erase(0); });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const pid_t child = std::stoi(container.facts()["child"]);
  REQUIRE_FALSE(is_gone(child));
  CHECK(container.call({"kill", "--all", container.id(), "KILL"}).status == 0);
  CHECK(eventually([&] { return is_gone(child); }));
  container.wait_for("stopped");
}

TEST_CASE("delete: removes a stopped container and all that it made", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  Container container(bundle);
  container.create();
  CHECK_FALSE(cgroup_folders(bundle.name()).empty());
  container.start();
  container.wait_for("stopped");
  CHECK(container.call({"delete", container.id()}).status == 0);
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("delete: of a running container fails without effect (runtime.md, Delete)", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const Finished done = container.call({"delete", container.id()});
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains(container.id()));
  CHECK(container.status() == "running");
}

TEST_CASE("delete: of a created container ends it, as engines expect", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  container.create();
  const pid_t pid = container.pid();
  CHECK(container.call({"delete", container.id()}).status == 0);
  CHECK(eventually([&] { return is_gone(pid); }));
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("delete: --force kills and removes, descendants included", "[delete]") {
  NEEDS_ROOT();
  const bool own_pids = GENERATE(true, false);
  const Bundle bundle("leave-child ; hold", [&](json& config) {
    if (!own_pids) config["linux"]["namespaces"].erase(0);
  });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  const pid_t pid = container.pid(), child = std::stoi(container.facts()["child"]);
  CHECK(container.remove().status == 0);
  CHECK(eventually([&] { return is_gone(pid); }));
  if (!own_pids) CHECK(eventually([&] { return is_gone(child); }));
  CHECK(container.leftovers() == std::vector<std::string>{});
}

TEST_CASE("delete: cgroups that the container nested deeper than a path can say go as well", "[delete]") {
  NEEDS_ROOT();
  const char* mount = v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
  const std::string nest =
      std::string("cd ") + mount +
      "; n=$(busybox head -c 250 /dev/zero | busybox tr '\\0' n); i=0; "
      "while [ $i -lt 15 ]; do busybox mkdir $n; cd $n; i=$((i+1)); done; "
      "busybox mkdir $n && busybox mkdir $n/$n && busybox mkdir $n/$n/$n && echo nested; exec sleep 1000";
  const Bundle bundle(std::vector<std::string>{"/bin/sh", "-c", nest}, [](json& config) {
    config["mounts"].push_back({{"destination", "/sys/fs/cgroup"},
                                {"type", "cgroup"},
                                {"source", "cgroup"},
                                {"options", {"nosuid", "noexec", "nodev", "rw"}}});
    config["linux"]["namespaces"].push_back({{"type", "cgroup"}});
  });
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("nested");
  CHECK(container.call({"kill", "--all", container.id(), "KILL"}).err == "");
  container.wait_for("stopped");
  const Finished deleted = container.call({"delete", container.id()});
  CHECK(deleted.err == "");
  CHECK(container.leftovers().empty());
}

TEST_CASE("delete: -f of an unknown container succeeds, plain delete fails", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("hold");
  Container container(bundle);
  CHECK(container.call({"delete", "-f", "nobody"}).status == 0);
  const Finished plain = container.call({"delete", "nobody"});
  CHECK(plain.status != 0);
  CHECK_THAT(plain.err, Catch::Contains("does not exist"));
}

TEST_CASE("delete: an id may be used again", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  Container container(bundle);
  for (int i = 0; i < 3; ++i) CHECK(container.run().status == 0);
}

TEST_CASE("delete: leaves a cgroup alone that was there before (runtime.md, Delete)", "[delete]") {
  NEEDS_ROOT();
  const Bundle bundle("exit 0");
  const std::string folder = "/sys/fs/cgroup/pids/lodger-test/" + bundle.name();
  NEEDS(access("/sys/fs/cgroup/pids", F_OK) == 0, "the pids controller is not on a v1 hierarchy");
  REQUIRE(run_command({"/bin/mkdir", "-p", folder}).status == 0);
  {
    Container container(bundle);
    const Finished done = container.run();
    INFO(done.err);
    CHECK(done.status == 0);
    CHECK(access(folder.c_str(), F_OK) == 0);
    REQUIRE(rmdir(folder.c_str()) == 0);
  }
}
