// --systemd-cgroup with the machine's systemd: the scope and its properties, which must say what the files
// say, or the next daemon-reload undoes it. config-linux.md, "Cgroups Path"; systemd.scope(5).
#include "support/systemd.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "support/cgroups.hpp"
#include "support/relayed.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

void limit_all(json& config) {
  resources(config)["memory"] = {{"limit", 64 << 20}, {"reservation", 32 << 20}, {"swap", 96 << 20}};
  resources(config)["cpu"] = {{"shares", 512}, {"quota", 15000}, {"period", 50000}, {"cpus", "0"}};
  resources(config)["pids"] = {{"limit", 32}};
}

const std::map<std::string, std::string> files_of_all = {
    {"memory.max", "67108864"}, {"memory.low", "33554432"}, {"memory.swap.max", "33554432"},
    {"cpu.weight", "59"},       {"cpu.max", "15000 50000"}, {"cpuset.cpus", "0"},
    {"pids.max", "32"},
};

std::map<std::string, std::string> read_files(const InScope& it) {
  std::map<std::string, std::string> found;
  for (const auto& [file, value] : files_of_all) found[file] = it.value(file);
  return found;
}

/// `create`, to its end.
Finished create(InScope& it) { return it.container.call(it.container.making("create")); }

}  // namespace

TEST_CASE("systemd: the container's process is in a delegated scope of the slice that was asked for",
          "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it({}, "hold", "lodgertest-a.slice");
  it.container.create();
  auto unit = it.properties();
  CHECK(unit["ActiveState"] == "active");
  CHECK(unit["Slice"] == "lodgertest-a.slice");
  CHECK(unit["Delegate"] == "yes");
  CHECK(unit["Description"] == "lodger container " + it.container.id());
  CHECK(unit["ControlGroup"] == "/lodgertest.slice/lodgertest-a.slice/" + it.unit());
  CHECK(it.value("cgroup.procs") == std::to_string(it.container.pid()));
  CHECK(it.container.remove().status == 0);
  run_command({"/usr/bin/systemctl", "stop", "lodgertest.slice"});
}

TEST_CASE("systemd: without cgroupsPath the scope is named for the container", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it([](json& config) { config["linux"].erase("cgroupsPath"); });
  it.container.create();
  auto unit = unit_properties("lodger-" + it.container.id() + ".scope");
  CHECK(unit["ActiveState"] == "active");
  CHECK(unit["Slice"] == "system.slice");
  CHECK(it.container.remove().status == 0);
  CHECK(unit_properties("lodger-" + it.container.id() + ".scope")["LoadState"] == "not-found");
}

TEST_CASE("systemd: limits are the unit's properties and the files' exact values, also after a reload",
          "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(v2(), "looks at cgroup2's files");
  InScope it(limit_all);
  it.container.create();
  auto unit = it.properties();
  CHECK(unit["MemoryMax"] == "67108864");
  CHECK(unit["MemoryLow"] == "33554432");
  CHECK(unit["MemorySwapMax"] == "33554432");
  CHECK(unit["CPUWeight"] == "59");
  CHECK(unit["CPUQuotaPerSecUSec"] == "300ms");
  CHECK(unit["TasksMax"] == "32");
  CHECK(unit["AllowedCPUs"] == "0");
  CHECK(read_files(it) == files_of_all);
  REQUIRE(run_command({"/usr/bin/systemctl", "daemon-reload"}).status == 0);
  CHECK(read_files(it) == files_of_all);
}

TEST_CASE("systemd: v1's limits and device rules outlast a reload", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(!v2(), "looks at cgroup v1's files");
  InScope it([](json& config) {
    limit_all(config);
    resources(config)["devices"] = {{{"allow", false}, {"access", "rwm"}}};
  });
  it.container.create();
  const auto of = [&](const char* controller, const char* file) {
    const auto path = unit_properties(it.unit())["ControlGroup"];
    return read_file("/sys/fs/cgroup/" + std::string(controller) + path + "/" + file);
  };
  const auto rules = of("devices", "devices.list");
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    CHECK(of("memory", "memory.limit_in_bytes") == "67108864\n");
    CHECK(of("pids", "pids.max") == "32\n");
    CHECK(of("cpu", "cpu.shares") == "512\n");
    CHECK(of("freezer", "cgroup.procs") == std::to_string(it.container.pid()) + "\n");
    CHECK(of("devices", "devices.list").find("a *:*") == std::string::npos);
    CHECK(of("devices", "devices.list").find("c 1:3 rwm") != std::string::npos);
    REQUIRE(run_command({"/usr/bin/systemctl", "daemon-reload"}).status == 0);
  }
  CHECK(rules.find("c 136:* rwm") != std::string::npos);
}

TEST_CASE("systemd: on v1 device rules that fail half-way are taken back", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(!v2(), "looks at cgroup v1's files");
  const json allowed = {{{"allow", false}, {"access", "rwm"}},
                        {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 11}, {"access", "r"}}};
  InScope it([&](json& config) { resources(config)["devices"] = allowed; }, "hold", "lodgertest.slice");
  it.container.create();
  const std::string slice = "/sys/fs/cgroup/devices/lodgertest.slice";
  const auto list = [&] {
    auto lines = support::lines(
        read_file("/sys/fs/cgroup/devices" + unit_properties(it.unit())["ControlGroup"] + "/devices.list"));
    std::ranges::sort(lines);
    return lines;
  };
  const auto before = list();
  CHECK_THAT(before, Catch::VectorContains(std::string("c 1:11 r")));
  json rules = {{{"allow", false}, {"access", "rwm"}},
                {{"allow", true}, {"type", "c"}, {"major", 10}, {"minor", 200}, {"access", "rw"}}};
  REQUIRE(update(it.container, {{"devices", rules}}).status == 0);
  CHECK_THAT(list(), !Catch::VectorContains(std::string("c 1:11 r")));
  REQUIRE(update(it.container, {{"devices", allowed}}).status == 0);
  CHECK(list() == before);
  // Not even its slice has this one.
  write_file(slice + "/devices.deny", "c 10:201 rw");
  rules.push_back({{"allow", true}, {"type", "c"}, {"major", 10}, {"minor", 201}, {"access", "rw"}});
  const auto failed = update(it.container, {{"devices", rules}});
  INFO(failed.err);
  CHECK(failed.status != 0);
  CHECK(list() == before);
  it.container.remove();
  run_command({"/usr/bin/systemctl", "stop", "lodgertest.slice"});
}

TEST_CASE("systemd: update changes both, and takes both back when it fails half-way", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(v2(), "looks at cgroup2's files");
  InScope it(limit_all);
  it.container.create();
  it.container.start();
  const auto done = update(
      it.container, {{"memory", {{"limit", 80 << 20}, {"swap", 80 << 20}}}, {"pids", {{"limit", 40}}}});
  CHECK(done.err == "");
  CHECK(it.properties()["MemoryMax"] == "83886080");
  CHECK(it.value("memory.max") == "83886080");
  CHECK(it.properties()["MemorySwapMax"] == "0");
  CHECK(it.properties()["TasksMax"] == "40");
  CHECK(it.value("pids.max") == "40");
  const auto failed =
      update(it.container, {{"pids", {{"limit", 50}}}, {"unified", {{"memory.oom.group", "7"}}}});
  CHECK(failed.status != 0);
  CHECK_THAT(failed.err, Catch::Contains("memory.oom.group"));
  CHECK(it.properties()["TasksMax"] == "40");
  CHECK(it.value("pids.max") == "40");
}

TEST_CASE("systemd: v1's failed update leaves all devices to a container that has them all", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(!v2(), "looks at cgroup v1's files");
  InScope it([](json& config) { resources(config)["devices"] = {{{"allow", true}, {"access", "rwm"}}}; });
  it.container.create();
  it.container.start();
  const auto failed = update(
      it.container, {{"devices", {{{"allow", false}, {"access", "rwm"}}}}, {"cpu", {{"cpus", "4095"}}}});
  CHECK(failed.status != 0);
  CHECK(it.properties()["DevicePolicy"] == "auto");
  CHECK(read_file("/sys/fs/cgroup/devices/system.slice/" + it.unit() + "/devices.list").starts_with("a "));
}

TEST_CASE("systemd: a container that is not idle any more stays so after a reload", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(v2(), "looks at cgroup2's files");
  InScope it([](json& config) { resources(config)["cpu"] = {{"idle", 1}}; });
  it.container.create();
  it.container.start();
  REQUIRE(run_command({"/usr/bin/systemctl", "daemon-reload"}).status == 0);
  CHECK(it.value("cpu.idle") == "1");
  CHECK(update(it.container, {{"cpu", {{"idle", 0}}}}).err == "");
  REQUIRE(run_command({"/usr/bin/systemctl", "daemon-reload"}).status == 0);
  CHECK(it.value("cpu.idle") == "0");
  CHECK(it.value("cpu.weight") == "100");
}

TEST_CASE("systemd: annotations are properties of the unit", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it([](json& config) {
    config["annotations"] = {{"org.systemd.property.TimeoutStopSec", "uint64 7"},
                             {"org.systemd.property.Description", "'for people'"}};
  });
  it.container.create();
  CHECK(it.properties()["TimeoutStopUSec"] == "7s");
  CHECK(it.properties()["Description"] == "for people");
}

TEST_CASE("systemd: what it does not take is told in its words, and nothing stays", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it([](json& config) { config["annotations"] = {{"org.systemd.property.Nonsense", "uint64 7"}}; });
  const auto done = create(it);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("unable to start unit " + it.unit()) && Catch::Contains("Nonsense"));
}

TEST_CASE("systemd: a unit of this name is not touched, whoever has it", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it;
  const auto other = run_command({"/usr/bin/systemd-run", "--scope", "--unit=" + it.unit(), "--quiet",
                                  "/bin/sh", "-c", "sleep 100 >/dev/null 2>&1 & :"});
  INFO(other.err);
  REQUIRE(other.status == 0);
  const auto done = create(it);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains(it.unit()) && Catch::Contains("container's cgroup is not empty"));
  CHECK(it.properties()["ActiveState"] == "active");
  REQUIRE(run_command({"/usr/bin/systemctl", "stop", it.unit()}).status == 0);
}

TEST_CASE("systemd: a unit that took the name afterwards is not touched by delete", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it;
  it.container.create();
  REQUIRE(it.container.call({"kill", it.container.id(), "KILL"}).status == 0);
  REQUIRE(eventually([&] { return it.properties()["LoadState"] == "not-found"; }));
  const auto other = run_command({"/usr/bin/systemd-run", "--scope", "--unit=" + it.unit(), "--quiet",
                                  "/bin/sh", "-c", "sleep 100 >/dev/null 2>&1 & :"});
  REQUIRE(other.status == 0);
  const auto folder = unit_folder(it.unit());
  REQUIRE(mkdir((folder + "/theirs").c_str(), 0755) == 0);
  CHECK(it.container.call({"delete", "--force", it.container.id()}).err == "");
  CHECK(it.properties()["ActiveState"] == "active");
  CHECK(processes_in(folder) == 1);
  CHECK(access((folder + "/theirs").c_str(), F_OK) == 0);
  REQUIRE(run_command({"/usr/bin/systemctl", "stop", it.unit()}).status == 0);
}

TEST_CASE("systemd: what failed in the container is told, not what followed from it", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it([](json& config) {
    config["mounts"].push_back(
        {{"destination", "/bad"}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", {"size=nonsense"}}});
  });
  const auto done = create(it);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("/bad"));
}

TEST_CASE("systemd: v1's folders that it does not make are looked at before they are used", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(!v2(), "looks at cgroup v1's files");
  InScope it;
  const auto leftover = "/sys/fs/cgroup/freezer/system.slice/" + it.unit();
  run_command({"/bin/mkdir", "-p", leftover});
  write_file(leftover + "/freezer.state", "FROZEN");
  const auto done = create(it);
  CHECK(done.status != 0);
  CHECK_THAT(done.err, Catch::Contains("container's cgroup unexpectedly frozen"));
  CHECK(read_file(leftover + "/freezer.state") == "FROZEN\n");
  CHECK(rmdir(leftover.c_str()) == 0);
}

TEST_CASE("systemd: a failed unit of this name gives way", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it;
  run_command({"/usr/bin/systemd-run", "--unit=" + it.unit(), "--scope", "--quiet",
               "--property=RuntimeMaxSec=1", "/bin/sleep", "100"});  // a scope that takes too long has failed
  REQUIRE(eventually([&] { return it.properties()["ActiveState"] == "failed"; }));
  it.container.create();
  CHECK(it.properties()["ActiveState"] == "active");
}

TEST_CASE("systemd: a process that was killed for want of memory leaves no failed unit", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it(
      [](json& config) {
        resources(config)["memory"] = {{"limit", 16 << 20}, {"swap", 16 << 20}};
      },
      "touch 64");
  CHECK(Facts(it.container.run().out)["touch.signal"] == std::to_string(SIGKILL));
  CHECK(eventually([&] { return it.properties()["LoadState"] == "not-found"; }));
}

TEST_CASE("systemd: exec, ps, pause and kill find the scope", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it;
  it.container.create();
  it.container.start();
  const auto joined = it.container.call({"exec", "--detach", it.container.id(), "/bin/probe", "hold"});
  CHECK(joined.err == "");
  CHECK(json::parse(it.container.call({"ps", "--format", "json", it.container.id()}).out).size() == 2);
  CHECK(it.container.call({"pause", it.container.id()}).status == 0);
  CHECK(it.container.status() == "paused");
  CHECK(it.container.call({"resume", it.container.id()}).status == 0);
  CHECK(it.container.call({"kill", "--all", it.container.id(), "KILL"}).status == 0);
  it.container.wait_for("stopped");
}

TEST_CASE("systemd: a cgroup below the scope, as an annotation names it", "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(v2(), "looks at cgroup2's files");
  InScope it([](json& config) {
    limit_all(config);
    config["annotations"] = {{"run.oci.systemd.subgroup", "container"}};
  });
  it.container.create();
  CHECK(it.value("cgroup.procs") == "");
  CHECK(it.value("container/cgroup.procs") == std::to_string(it.container.pid()));
  CHECK(it.value("container/memory.max") == "67108864");
  CHECK(it.value("memory.max") == "67108864");
  it.container.start();
  CHECK(it.container.call({"exec", "--detach", it.container.id(), "/bin/probe", "hold"}).err == "");
  CHECK(processes_in(unit_folder(it.unit()) + "/container") == 2);
}

TEST_CASE("systemd: a relay has a scope as well, and so has the next one, be it at the second try",
          "[systemd]") {
  NEEDS_SYSTEMD();
  NEEDS(is_lodger(), "a mode of lodger's");
  InScope it;
  const auto program = it.bundle.beside("pasta");
  write_file(
      program,
      "#!/bin/sh\n[ $1 != --version ] || { echo pasta 0.0~git20261002; exit; }\necho $$\nexec sleep 600\n",
      0755);
  const auto& id = it.container.id();
  const auto unit = "lodger-test-" + it.bundle.name() + ":relay.scope";
  const auto what = [&] { return unit_properties(unit)["Description"]; };
  REQUIRE(setenv("LODGER_PASTA", program.c_str(), 1) == 0);
  const auto prune = [&] { return it.container.call({"network", "prune"}); };
  it.container.create(relay());
  CHECK(what() == "relay of container " + id);

  REQUIRE(kill(relay_pid(it.container), SIGKILL) == 0);
  CHECK(eventually([&] { return unit_properties(unit)["LoadState"] == "not-found"; }));
  const Running other(
      {"/usr/bin/systemd-run", "--scope", "--description=another", "--unit=" + unit, "/bin/sleep", "60"});
  CHECK(eventually([&] { return what() == "another"; }));
  CHECK_THAT(prune().err, Catch::Contains("container " + id + ": ") && Catch::Contains("is not empty"));
  CHECK(what() == "another");
  CHECK(run_command({"/usr/bin/systemctl", "stop", unit}).status == 0);
  CHECK(eventually([&] { return unit_properties(unit)["LoadState"] == "not-found"; }));
  CHECK(prune().out == "container " + id + ": its relay had ended; there is a new one\n");
  CHECK(what() == "relay of container " + id);
  REQUIRE(unsetenv("LODGER_PASTA") == 0);
  CHECK(it.container.remove().status == 0);
  CHECK(unit_properties(unit)["LoadState"] == "not-found");
}

TEST_CASE("systemd: cgroups that the container made go with its scope", "[systemd]") {
  NEEDS_SYSTEMD();
  InScope it;
  it.container.create();
  const auto folder = unit_folder(it.unit());
  for (const auto* name : {"/a", "/a/b", "/c"}) REQUIRE(mkdir((folder + name).c_str(), 0755) == 0);
  CHECK(it.container.remove().status == 0);
  CHECK(access(folder.c_str(), F_OK) != 0);
}

TEST_CASE("systemd: created and deleted side by side, none leaves a unit", "[systemd]") {
  NEEDS_SYSTEMD();
  std::vector<std::unique_ptr<InScope>> all;
  std::vector<Running> running;
  for (int i = 0; i < 12; ++i) {
    auto& it = *all.emplace_back(std::make_unique<InScope>(limit_all));
    running.push_back(it.container.begin(it.container.making("run", {"--detach"})));
  }
  for (auto& one : running) {
    const auto done = one.wait();
    CHECK(done.err == "");
    CHECK(done.status == 0);
  }
}
