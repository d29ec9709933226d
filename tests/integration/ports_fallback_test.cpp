// --network host,bind= where no program can be put on a cgroup: Landlock keeps the list, for TCP.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Flags = std::vector<std::string>;

#define NEEDS_FALLBACK() \
  NEEDS_ROOT();          \
  NEEDS(syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 4, "needs Linux 6.7 with Landlock")

void without_limits(json& config) {
  config["linux"].erase("resources");
  config["linux"].erase("cgroupsPath");
}

/// What the probe says in a container without a cgroup.
struct Apart {
  Bundle bundle;
  Container container;
  explicit Apart(const std::string& line, const Edit& edit = without_limits)
      : bundle(line, edit), container(bundle, {"--cgroup-manager", "disabled"}) {}
  Finished run(const std::string& options) { return container.run({"--network", "host," + options}); }
};

Facts bound(const std::string& options, const std::string& line) {
  Apart apart(line);
  const auto done = apart.run(options);
  INFO(done.summary());
  REQUIRE(done.status == 0);
  return Facts(done.out);
}

const std::string granted = "0", denied = std::to_string(EACCES), refused_socket = std::to_string(EPERM);

}  // namespace

TEST_CASE("bind list by Landlock: TCP by the list, UDP as it is", "[ports_fallback]") {
  NEEDS_FALLBACK();
  const HostStack stack;
  const auto facts =
      bound("bind=80,bind=8000-8010,bind=1-65535/udp",
            "bind tcp4 0.0.0.0 80 ; bind tcp6 :: 8010 v6only ; bind tcp6 ::ffff:127.0.0.1 8005 ; "
            "bind tcp4 0.0.0.0 81 ; bind tcp6 :: 8011 ; bind tcp6 ::ffff:127.0.0.1 82 ; "
            "bind tcp4 0.0.0.0 0 ; listen-unbound tcp4 ; bind udp4 0.0.0.0 53 ; bind udp6 :: 5353");
  INFO(facts.text());
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(facts["bind:tcp6::::8010.errno"] == granted);
  CHECK(facts["bind:tcp6:::ffff:127.0.0.1:8005.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(facts["bind:tcp6::::8011.errno"] == denied);
  CHECK(facts["bind:tcp6:::ffff:127.0.0.1:82.errno"] == denied);
  CHECK(facts["bind:tcp4:0.0.0.0:0.errno"] == granted);
  CHECK(facts["listen:tcp4.errno"] == granted);
  CHECK(facts["bind:udp4:0.0.0.0:53.errno"] == granted);
  CHECK(facts["bind:udp6::::5353.errno"] == granted);
}

TEST_CASE("bind list by Landlock: no socket that it does not see", "[ports_fallback]") {
  NEEDS_FALLBACK();
  const HostStack stack;
  const std::string tcp = GENERATE("80", "1-65535");
  const auto facts =
      bound("bind=" + tcp + ",bind=1-65535/udp",
            "make mptcp4 ; make mptcp6 ; make sctp4 ; make sctpseq6 ; make dccp4 ; make tcp4 ; "
            "make udp6 ; make raw4 ; ring ; ulp smc");
  INFO(facts.text());
  for (const auto* kind : {"mptcp4", "mptcp6", "sctp4", "sctpseq6", "dccp4"})
    CHECK(facts[std::string("make:") + kind + ".errno"] == refused_socket);
  for (const auto* kind : {"tcp4", "udp6", "raw4"})
    CHECK(facts[std::string("make:") + kind + ".errno"] == granted);
  CHECK(facts["ring.errno"] == std::to_string(ENOSYS));
  CHECK(facts["ulp.errno"] == refused_socket);
}

TEST_CASE("bind list by Landlock: exec is under it", "[ports_fallback]") {
  NEEDS_FALLBACK();
  const HostStack stack;
  Apart apart("hold");
  apart.container.create({"--network", "host,bind=80,bind=1-65535/udp"});
  apart.container.start();
  apart.container.wait_for_output("holding");
  const auto done =
      apart.container.call({"exec", apart.container.id(), "/bin/probe", "bind", "tcp4", "0.0.0.0", "80", ";",
                            "bind", "tcp4", "0.0.0.0", "81", ";", "make", "mptcp4"});
  const Facts facts(done.out);
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(facts["make:mptcp4.errno"] == refused_socket);
}

TEST_CASE("bind list by Landlock: beside a filter of the bundle's, and private-abstract",
          "[ports_fallback]") {
  NEEDS_FALLBACK();
  NEEDS(syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 6, "needs Linux 6.12 with Landlock");
  const HostStack stack;
  Running server({probe_path(), "serve", "unix", "7"});
  server.wait_for("listening.unix");
  Apart apart("bind tcp4 0.0.0.0 81 ; ask unix 7 hello ; bind tcp4 0.0.0.0 80", [](json& config) {
    without_limits(config);
    config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"}};
  });
  const auto done = apart.run("private-abstract,bind=80,bind=1-65535/udp");
  const Facts facts(done.out);
  INFO(done.summary());
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == granted);
  CHECK(facts["ask:unix.errno"] == std::to_string(EPERM));
}

TEST_CASE("bind list by Landlock: what it cannot keep is refused", "[ports_fallback]") {
  NEEDS_FALLBACK();
  const std::string list = GENERATE("bind=80", "bind=none", "bind=80,bind=53/udp");
  Apart apart("echo ran");
  const auto done = apart.run(list);
  INFO(done.err);
  CHECK(done.status == 1);
  CHECK(done.out.empty());
  CHECK(done.err.find("and Landlock, the other way, does not do: it cannot keep UDP to a list of ports; with "
                      "bind=1-65535/udp beside it UDP is left as it is") != std::string::npos);
}

TEST_CASE("bind list by Landlock: what leads past it is warned of", "[ports_fallback]") {
  NEEDS_FALLBACK();
  const HostStack stack;
  const std::string capability = GENERATE("CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_SYS_CHROOT");
  Apart apart("echo ran", [&](json& config) {
    without_limits(config);
    config["process"]["capabilities"]["bounding"].push_back(capability);
  });
  const auto done = apart.run("bind=80,bind=1-65535/udp");
  CHECK(done.status == 0);
  CHECK(done.err.contains(capability + " can get past it") == (capability != "CAP_SYS_CHROOT"));
}
