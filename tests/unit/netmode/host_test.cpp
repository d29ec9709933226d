#include "netmode/host.hpp"

#include <catch2/catch.hpp>
#include <sys/utsname.h>

#include "room.hpp"

using namespace lodger;
using namespace lodger::netmode;
using spec::NamespaceType;

namespace {

struct Host {
  test::HostRoom room;
  std::string resolv = room.file("resolv.conf", "nameserver 127.0.0.53\n");
  std::string hosts = room.file("hosts", "127.0.0.1 localhost\n");
  std::string somaxconn = room.file("sys/net/core/somaxconn", "4096\n");
  std::string range = room.file("sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  std::string sysctls = room.folder + "/sys";
  HostFiles files{"/proc/self/ns/net", resolv.c_str(), hosts.c_str(), sysctls.c_str()};
};

std::vector<std::string> destinations(const spec::Config& config) {
  std::vector<std::string> out;
  for (const auto& mount : config.mounts) out.push_back(mount.destination);
  return out;
}

}  // namespace

TEST_CASE("the host's name resolution is bound read-only") {
  Host host;
  auto config = test::config_with({});
  REQUIRE(add_name_resolution(config, host.files));
  REQUIRE(config.mounts.size() == 2);
  CHECK(config.mounts[0].destination == "/etc/resolv.conf");
  CHECK(config.mounts[0].source == host.resolv);
  CHECK(config.mounts[0].type == "bind");
  CHECK(config.mounts[0].options == std::vector<std::string>{"bind", "ro", "nosuid", "nodev", "noexec"});
  CHECK(config.mounts[1].destination == "/etc/hosts");
  CHECK(config.mounts[1].source == host.hosts);
}

TEST_CASE("a mount of the bundle at or over a file is its own") {
  using Case = std::pair<const char*, std::vector<std::string>>;
  const auto [mount, expected] =
      GENERATE(Case{"/etc/resolv.conf", {"/etc/resolv.conf", "/etc/hosts"}},
               Case{"/etc/hosts", {"/etc/hosts", "/etc/resolv.conf"}}, Case{"/etc", {"/etc"}},
               Case{"/", {"/"}}, Case{"/etc/resolv", {"/etc/resolv", "/etc/resolv.conf", "/etc/hosts"}},
               Case{"/etc2", {"/etc2", "/etc/resolv.conf", "/etc/hosts"}},
               Case{"/etc/hosts.d", {"/etc/hosts.d", "/etc/resolv.conf", "/etc/hosts"}},
               Case{"/proc", {"/proc", "/etc/resolv.conf", "/etc/hosts"}});
  INFO(mount);
  Host host;
  auto config = test::config_with({});
  config.mounts.push_back({mount, "tmpfs", "tmpfs", {}, {}, {}});
  REQUIRE(add_name_resolution(config, host.files));
  CHECK(destinations(config) == expected);
}

TEST_CASE("what the host has not is not bound") {
  Host host;
  auto files = host.files;
  files.resolv_conf = "/nonexistent/resolv.conf";
  files.hosts = host.room.folder.c_str();  // a folder is no hosts file
  auto config = test::config_with({});
  REQUIRE(add_name_resolution(config, files));
  CHECK(config.mounts.empty());
}

TEST_CASE("a symlinked resolv.conf is bound by its real path") {
  Host host;
  const auto link = host.room.link("stub", host.resolv);
  auto files = host.files;
  files.resolv_conf = link.c_str();
  auto config = test::config_with({});
  REQUIRE(add_name_resolution(config, files));
  CHECK(config.mounts.at(0).source == host.resolv);
}

TEST_CASE("the host's name is taken over where the container has a uts namespace and no name") {
  struct utsname own;
  REQUIRE(::uname(&own) == 0);
  Host host;
  auto config = test::config_with({{NamespaceType::uts, ""}});
  REQUIRE(add_name_resolution(config, host.files));
  CHECK(config.hostname == own.nodename);

  config.hostname = "mine";
  REQUIRE(add_name_resolution(config, host.files));
  CHECK(config.hostname == "mine");

  for (auto& other : {test::config_with({}), test::config_with({{NamespaceType::uts, "/proc/1/ns/uts"}})}) {
    auto without = other;
    REQUIRE(add_name_resolution(without, host.files));
    CHECK(without.hostname.empty());
  }
}

TEST_CASE("net sysctls on the host's stack are refused all at once, with the host's values") {
  Host host;
  auto config = test::config_with({});
  config.linux->sysctl = {{"net.core.somaxconn", "1024"},
                          {"net/ipv4/ip_local_port_range", "1024 65535"},
                          {"net.ipv4.no_such_thing", "1"},
                          {"kernel.shmmax", "1"}};
  const auto refused = settle_sysctls(config, host.files);
  REQUIRE_FALSE(refused);
  const auto& text = refused.error().text;
  CHECK_THAT(text, Catch::StartsWith("linux.sysctl: "));
  CHECK_THAT(text, Catch::Contains("net.core.somaxconn=\"1024\" (the host: \"4096\")"));
  CHECK_THAT(text,
             Catch::Contains("net/ipv4/ip_local_port_range=\"1024 65535\" (the host: \"32768 60999\")"));
  CHECK_THAT(text, Catch::Contains("net.ipv4.no_such_thing=\"1\" (the host: no such parameter)"));
  CHECK_THAT(text, !Catch::Contains("shmmax"));
}

TEST_CASE("a net sysctl that the host has already asks for nothing") {
  Host host;
  auto config = test::config_with({});
  config.linux->sysctl = {{"net.core.somaxconn", "4096"},
                          {"net/ipv4/ip_local_port_range", " 32768  60999"},
                          {"kernel.shmmax", "1"}};
  REQUIRE(settle_sysctls(config, host.files));
  CHECK(config.linux->sysctl.size() == 1);  // none of the host's is written, not even with its own value
  config.linux->sysctl["net.core.somaxconn"] = "4096 1";
  CHECK_FALSE(settle_sysctls(config, host.files));
}

TEST_CASE("other sysctls and none at all pass") {
  Host host;
  auto config = test::config_with({});
  CHECK(settle_sysctls(config, host.files));
  config.linux->sysctl["kernel.shmmax"] = "1";
  config.linux->sysctl["network"] = "1";
  CHECK(settle_sysctls(config, host.files));
  config.linux.reset();
  CHECK(settle_sysctls(config, host.files));
}

TEST_CASE("--network host does all of it, the bundle's own host mode only refuses sysctls") {
  Host host;
  auto config = test::config_with({{NamespaceType::network, ""}});
  const Request explicit_host{{Kind::host, {}}, {}, false, {}};
  REQUIRE(apply(explicit_host, config, host.files));
  CHECK(destinations(config) == std::vector<std::string>{"/etc/resolv.conf", "/etc/hosts"});

  auto bundle = test::config_with({});
  REQUIRE(apply(Request{}, bundle, host.files));
  CHECK(bundle.mounts.empty());
  for (auto* own : {&config, &bundle}) own->linux->sysctl["net.core.somaxconn"] = "1";
  CHECK_FALSE(apply(explicit_host, config, host.files));
  CHECK_FALSE(apply(Request{}, bundle, host.files));
}
