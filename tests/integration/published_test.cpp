// Published ports that cannot be had, refused before anything is made; each test has a network stack of its
// own in the host's place, with a loopback and no other address.
#include <catch2/catch.hpp>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;

namespace {

using Flags = std::vector<std::string>;

std::string shell(const std::string& line) { return run_command({"/bin/sh", "-c", line}).out; }

/// lodger-network stands beside the runtime where it was built.
bool has_bridge() {
  const auto lodger = runtime_path();
  return access((lodger.substr(0, lodger.rfind('/')) + "/lodger-network").c_str(), X_OK) == 0 &&
         run_command({"/usr/sbin/nft", "list", "tables"}).status == 0;
}

const Flags by_nat{"--network", "bridge"}, by_proxy{"--network", "bridge", "--userland-proxy"},
    by_map{"--network", "host,map"};

Flags publishing(Flags flags, const Flags& published) {
  for (const auto& one : published) flags.insert(flags.end(), {"-p", one});
  return flags;
}

#define NEEDS_WAY(way)                                                               \
  NEEDS_ROOT();                                                                      \
  NEEDS((way) != by_map || has_cgroup2(), "needs a cgroup2 tree");                   \
  NEEDS((way) == by_map || has_bridge(), "needs lodger-network, nft and nf_tables"); \
  const HostStack stack

}  // namespace

TEST_CASE("published: two publications that want one port of the host are refused, and both named",
          "[published]") {
  const auto way = GENERATE(by_nat, by_proxy, by_map);
  NEEDS_WAY(way);
  struct Case {
    Flags published;
    std::string text;
  };
  const auto& [published, text] = GENERATE(
      Case{{"8181:81", "8181:8181"}, "8181:81/tcp and 8181:8181/tcp"},
      Case{{"8181:80", "8181:81"}, "8181:80/tcp and 8181:81/tcp"},
      Case{{"80:80", "127.0.0.1:80:81"}, "80:80/tcp and 127.0.0.1:80:81/tcp"},
      Case{{"[0:0::1]:80:80", "[::1]:80:81"}, "[::1]:80:80/tcp and [::1]:80:81/tcp"},
      Case{{"9000-9010:9000-9010", "9010-9012:10-12"}, "9000-9010:9000-9010/tcp and 9010-9012:10-12/tcp"});
  CAPTURE(way, published);
  refused({}, {text + ": a port of the host is published twice"}, publishing(way, published));
  CHECK(shell("nft list tables; ip -o link | grep lodger").empty());
}

TEST_CASE("published: the same said twice is said once", "[published]") {
  const auto way = GENERATE(by_nat, by_proxy, by_map);
  NEEDS_WAY(way);
  CAPTURE(way);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = container.run(
      publishing(way, {"8080:80", "127.0.0.1:81:81", "8080:80/tcp", "[::ffff:127.0.0.1]:81:81"}));
  INFO(done.summary());
  CHECK(done.status == 0);
  container.call({"network", "prune"});
}

TEST_CASE("published: an address that the host does not have is refused, unless the host allows it",
          "[published]") {
  const auto way = GENERATE(by_nat, by_proxy, by_map);
  NEEDS_WAY(way);
  CAPTURE(way);
  const auto flags = publishing(way, {"203.0.113.9:8080:80"});
  refused({}, {"203.0.113.9:8080:80/tcp: this host does not have the address 203.0.113.9"}, flags);
  refused({}, {"203.0.113.9::80/tcp: this host does not have the address 203.0.113.9"},
          publishing(way, {"203.0.113.9::80"}));
  CHECK(shell("nft list tables; ip -o link | grep lodger").empty());
  // /proc/sys/net is that of whoever opens it: this stack's own
  REQUIRE(run_command({"/bin/sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind"}).status == 0);
  const Bundle bundle("echo ran");
  Container container(bundle);
  const auto done = container.run(flags);
  INFO(done.summary());
  CHECK(done.status == 0);
  container.call({"network", "prune"});
}

TEST_CASE("published: an address of one link is refused, with its zone and without", "[published]") {
  const auto way = GENERATE(by_nat, by_proxy, by_map);
  NEEDS_WAY(way);
  CAPTURE(way);
  refused({}, {"\"fe80::1%lo\" has a zone"}, publishing(way, {"[fe80::1%lo]:8080:80"}));
  refused({}, {"[fe80::1]:8080:80/tcp: an address like fe80::1 is on every link"},
          publishing(way, {"[fe80::1]:8080:80"}));
}

TEST_CASE("published: [::1] leaves no host, however it is spelt", "[published]") {
  NEEDS_WAY(by_nat);
  const std::string address = GENERATE("::1", "0:0:0:0:0:0:0:1", "0::1", "::0.0.0.1");
  refused({}, {"--publish [::1]:8080:80/tcp: [::1] leaves no host"},
          publishing(by_nat, {"[" + address + "]:8080:80"}));
}
