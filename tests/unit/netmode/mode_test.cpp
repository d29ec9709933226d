#include "netmode/mode.hpp"

#include <catch2/catch.hpp>

#include "room.hpp"

using namespace lodger;
using namespace lodger::netmode;
using spec::NamespaceType;
using test::asking;

namespace {

constexpr const char* warning = "WARNING: Published ports are discarded when using host network mode";
// Nothing that is there: any look at the host's files would fail.
constexpr HostFiles nothing{"/nonexistent/net", "/nonexistent/resolv.conf", "/nonexistent/hosts",
                            "/nonexistent"};

}  // namespace

TEST_CASE("--network has six forms") {
  CHECK(parse_mode("")->kind == Kind::bundle);
  CHECK(parse_mode("host")->kind == Kind::host);
  CHECK(parse_mode("none")->kind == Kind::none);
  CHECK(parse_mode("ns:/run/netns/a")->kind == Kind::path);
  CHECK(parse_mode("ns:/run/netns/a")->argument == "/run/netns/a");
  CHECK(parse_mode("container:web")->kind == Kind::container);
  CHECK(parse_mode("container:web")->argument == "web");
  CHECK(parse_mode("relay")->kind == Kind::relay);
  CHECK(to_text(*parse_mode("relay,ports=80")->relay.ports) == "80/tcp");
}

TEST_CASE("other values of --network are refused by name") {
  for (const char* text :
       {"bridge:", "bridge:a/b", "Host", "ns:", "ns:relative", "container:", "hostx", " host", "none,map"}) {
    INFO(text);
    const auto mode = parse_mode(text);
    REQUIRE_FALSE(mode);
    CHECK_THAT(mode.error().text, Catch::Contains(std::string("\"") + text + "\""));
  }
}

TEST_CASE("a bridge is the default one or one by name, and takes ports") {
  CHECK(parse_mode("bridge")->argument == "bridge");
  CHECK(parse_mode("bridge:web")->argument == "web");
  auto config = test::config_with({{NamespaceType::network, "/proc/self/ns/net"}});
  const auto decision = apply(asking({Kind::bridge, "web"}, {"80:80"}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->bridge == "web");
  CHECK_FALSE(decision->host);
  CHECK(decision->warnings.empty());
  CHECK(config.linux->namespaces.at(0).path.empty());
}

TEST_CASE("a userland proxy is for bridges alone") {
  auto config = test::config_with({});
  auto request = asking({Kind::host});
  request.userland_proxy = true;
  CHECK_THAT(apply(request, config, nothing).error().text, Catch::StartsWith("--userland-proxy: "));
  request.mode = {Kind::bridge, "bridge"};
  CHECK(apply(request, config, nothing)->userland_proxy);
}

TEST_CASE("host takes options behind a comma") {
  const auto mode = parse_mode("host,bind=80,map");
  REQUIRE(mode);
  CHECK(mode->kind == Kind::host);
  CHECK(mode->options.map);
  REQUIRE(mode->options.bind);
  CHECK(mode->options.bind->size() == 1);
  CHECK_FALSE(parse_mode("host")->options.any());
}

TEST_CASE("a bundle without a network entry is on the host's stack, and nothing is looked at") {
  auto config = test::config_with({{NamespaceType::pid, ""}, {NamespaceType::uts, ""}});
  const auto decision = apply(asking({}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->host);
  CHECK(decision->warnings.empty());
  CHECK(config.mounts.empty());
  CHECK(config.hostname.empty());
  CHECK(config.linux->namespaces.size() == 2);
}

TEST_CASE("a bundle without a linux object is on the host's stack") {
  spec::Config config;
  const auto decision = apply(asking({}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->host);
  CHECK_FALSE(config.linux);
}

TEST_CASE("a bundle with a new network namespace is not") {
  auto config = test::config_with({{NamespaceType::network, ""}});
  const auto decision = apply(asking({}), config, nothing);
  REQUIRE(decision);
  CHECK_FALSE(decision->host);
  CHECK(config.linux->namespaces.size() == 1);
}

TEST_CASE("a bundle's path to the host's own stack is recognised by identity and left out") {
  const auto pid_path = "/proc/" + std::to_string(::getpid()) + "/ns/net";
  auto config = test::config_with({{NamespaceType::network, pid_path}, {NamespaceType::pid, ""}});
  const auto decision = apply(asking({}, {"80:80"}), config);
  REQUIRE(decision);
  CHECK(decision->host);
  CHECK(decision->warnings == std::vector<std::string>{warning});
  REQUIRE(config.linux->namespaces.size() == 1);
  CHECK(config.linux->namespaces[0].type == NamespaceType::pid);
  CHECK(config.mounts.empty());  // only --network host adds name resolution
}

TEST_CASE("a bundle's path that leads nowhere is refused by name") {
  auto config = test::config_with({{NamespaceType::network, "/nonexistent/ns"}});
  const auto decision = apply(asking({}), config);
  REQUIRE_FALSE(decision);
  CHECK(decision.error().text == "linux.namespaces: network: /nonexistent/ns: No such file or directory");
}

TEST_CASE("host mode leaves the network entry out") {
  auto config = test::config_with({{NamespaceType::network, ""}, {NamespaceType::ipc, ""}});
  const auto decision = apply(asking({Kind::host, {}}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->host);
  CHECK(decision->warnings.empty());
  REQUIRE(config.linux->namespaces.size() == 1);
  CHECK(config.linux->namespaces[0].type == NamespaceType::ipc);
}

TEST_CASE("host mode discards ports with one warning, however many there are") {
  const auto [publish, all] = GENERATE(
      std::pair{std::vector<std::string>{"80"}, false},
      std::pair{std::vector<std::string>{"80:80", "1-9:1-9/udp", "53:53"}, false},
      std::pair{std::vector<std::string>{}, true}, std::pair{std::vector<std::string>{"80:80"}, true});
  auto config = test::config_with({{NamespaceType::network, ""}});
  const auto decision = apply(asking({Kind::host, {}}, publish, all), config, nothing);
  REQUIRE(decision);
  CHECK(decision->warnings == std::vector<std::string>{warning});
}

TEST_CASE("malformed ports are an error in every mode, and nothing is edited") {
  const auto kind = GENERATE(Kind::bundle, Kind::host, Kind::none, Kind::path, Kind::container);
  auto config = test::config_with({{NamespaceType::network, ""}});
  const auto decision = apply(asking({kind, "/proc/self/ns/net"}, {"80:80", "80:x"}), config);
  REQUIRE_FALSE(decision);
  CHECK_THAT(decision.error().text, Catch::StartsWith("--publish \"80:x\": "));
  CHECK(config.linux->namespaces.size() == 1);
}

TEST_CASE("malformed exposed ports are an error with --publish-all alone") {
  auto config = test::config_with({});
  config.annotations["org.opencontainers.image.exposedPorts"] = "80/what";
  CHECK(apply(asking({Kind::host, {}}), config, nothing));
  const auto decision = apply(asking({Kind::host, {}}, {}, true), config, nothing);
  REQUIRE_FALSE(decision);
  CHECK_THAT(decision.error().text, Catch::Contains("80/what"));
}

TEST_CASE("wrong exposed ports are told where a container on the host's network declares them") {
  auto config = test::config_with({});
  config.annotations["org.opencontainers.image.exposedPorts"] = "80/what";
  const auto decision = apply(asking({Kind::host}), config, nothing);
  REQUIRE(decision);
  REQUIRE(decision->warnings.size() == 1);
  CHECK_THAT(decision->warnings[0], Catch::Contains("80/what"));
  CHECK(apply(asking({Kind::none}), config, nothing)->warnings.empty());
}

TEST_CASE("ports that the process's environment requires count on the host's network alone") {
  auto config = test::config_with({});
  config.process.emplace().env = {"LODGER_REQUIRE_PORTS=80"};
  config.annotations["org.opencontainers.image.exposedPorts"] = "81";
  const auto decision = apply(asking({Kind::host}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->options.require_ports);
  CHECK(decision->exposed.size() == 2);
  const auto apart = apply(asking({Kind::none}), config, nothing);
  REQUIRE(apart);
  CHECK_FALSE(apart->options.any());
}

TEST_CASE("published ports of a flag and of an annotation come together") {
  auto config = test::config_with({});
  config.annotations["org.lodger.network.publish"] = "8080:80,9000:90/udp";
  const auto decision = apply(asking({Kind::host}, {"443:443"}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->publications.size() == 3);
  CHECK(decision->warnings == std::vector<std::string>{warning});
}

TEST_CASE("an annotation publishes what the image exposes, as --publish-all does") {
  auto config = test::config_with({});
  config.annotations["org.opencontainers.image.exposedPorts"] = "81";
  config.annotations["org.lodger.network.publish-all"] = "true";
  const auto host = apply(asking({Kind::host}), config, nothing);
  REQUIRE(host);
  CHECK(host->warnings == std::vector<std::string>{warning});
  const auto bridged = apply(asking({Kind::bridge, "bridge"}), config, nothing);
  REQUIRE(bridged);
  CHECK(bridged->publish_all);
  CHECK(bridged->exposed.size() == 1);
  CHECK_THAT(apply(asking({Kind::none}), config, nothing).error().text,
             Catch::StartsWith("published ports need a network"));
  config.annotations["org.opencontainers.image.exposedPorts"] = "80/what";
  CHECK_FALSE(apply(asking({Kind::bridge, "bridge"}), config, nothing));
}

TEST_CASE("an annotation has the proxy, for bridges alone") {
  auto config = test::config_with({});
  config.annotations["org.lodger.network.userland-proxy"] = "true";
  CHECK(apply(asking({Kind::bridge, "bridge"}), config, nothing)->userland_proxy);
  CHECK_THAT(apply(asking({Kind::host}), config, nothing).error().text,
             Catch::StartsWith("annotation org.lodger.network.userland-proxy: there is none but"));
  config.annotations["org.lodger.network.userland-proxy"] = "false";
  CHECK_FALSE(apply(asking({Kind::host}), config, nothing)->userland_proxy);
}

TEST_CASE("what is published twice in the same words, or others for the same, is published once") {
  auto config = test::config_with({});
  config.annotations["org.lodger.network.publish"] = "8080:80/TCP";
  const auto decision = apply(
      asking({Kind::host}, {"443:443", "8080:80", "[0::1]:5:5", "443:443", "[::1]:5:5"}), config, nothing);
  REQUIRE(decision);
  REQUIRE(decision->publications.size() == 3);
  CHECK(decision->publications[0].container.first == 443);
  CHECK(decision->publications[1].container.first == 80);
  CHECK(decision->publications[2].host_ip == "::1");
}

TEST_CASE("with map nothing is discarded") {
  auto config = test::config_with({});
  config.annotations["org.lodger.network.map"] = "true";
  const auto decision = apply(asking({Kind::host}, {"443:443"}), config, nothing);
  REQUIRE(decision);
  CHECK(decision->options.map);
  CHECK(decision->warnings.empty());
}

TEST_CASE("a bundle on the host's stack has the annotations' options, one with its own is refused them") {
  auto config = test::config_with({});
  config.annotations["org.lodger.network.bind"] = "80";
  CHECK(apply(asking({}), config, nothing)->options.bind);
  const auto decision = apply(asking({Kind::none}), config, nothing);
  REQUIRE_FALSE(decision);
  CHECK_THAT(decision.error().text,
             Catch::StartsWith("annotation org.lodger.network.bind: only a container on"));
}

TEST_CASE("a relay means a namespace of its own, discards published ports and has the host's name servers") {
  test::HostRoom host;
  const auto resolver = host.file("resolv.conf", "nameserver 192.0.2.1\n");
  const HostFiles files{"/nonexistent/net", resolver.c_str(), "/nonexistent/hosts", "/nonexistent"};
  auto config = test::config_with({});
  const auto decision = apply(asking({Kind::relay}, {"80:80"}, true), config, files);
  REQUIRE(decision);
  CHECK(decision->relay);
  CHECK_FALSE(decision->host);
  CHECK(decision->warnings == std::vector<std::string>{warning});
  CHECK(config.linux->find(NamespaceType::network)->path.empty());
  REQUIRE(config.mounts.size() == 1);
  CHECK(config.mounts[0].destination == "/etc/resolv.conf");
}

TEST_CASE("an annotation chooses the mode where it may") {
  auto on_host = test::config_with({});
  on_host.annotations["org.lodger.network.mode"] = "relay,ports=80";
  auto request = asking({});
  bool allowed = true, host = true;
  request.may_annotate = [&](std::string_view value, const Mode& mode, const Place& bundle) -> Outcome<> {
    CHECK(value == "relay,ports=80");
    CHECK(mode.kind == Kind::relay);
    CHECK(bundle.host == host);
    return allowed ? Outcome<>{} : refuse("it may not", EPERM);
  };
  const auto relayed = apply(request, on_host, nothing);
  REQUIRE(relayed);
  CHECK(to_text(*relayed->relay->ports) == "80/tcp");
  CHECK(relayed->by_annotation);

  allowed = host = false;
  auto isolated = test::config_with({{NamespaceType::network, ""}});
  isolated.annotations = on_host.annotations;
  CHECK(apply(request, isolated, nothing).error().text == "it may not");

  auto both = test::config_with({});
  both.annotations["org.lodger.network.mode"] = "none";
  CHECK_THAT(apply(asking({Kind::host}), both, nothing).error().text,
             Catch::StartsWith("annotation org.lodger.network.mode: --network chooses a mode as well"));
  both.annotations["org.lodger.network.mode"] = "rely";
  CHECK_THAT(apply(asking({}), both, nothing).error().text,
             Catch::StartsWith("annotation org.lodger.network.mode: --network \"rely\": unknown mode"));
}

TEST_CASE("modes without port mapping refuse ports") {
  auto config = test::config_with({{NamespaceType::network, ""}});
  for (const auto kind : {Kind::none, Kind::bundle}) {
    for (const auto& request : {asking({kind, {}}, {"80:80"}), asking({kind, {}}, {}, true)}) {
      const auto decision = apply(request, config, nothing);
      REQUIRE_FALSE(decision);
      CHECK_THAT(decision.error().text,
                 Catch::StartsWith("published ports need a network with port mapping; "));
    }
  }
}

TEST_CASE("none means a namespace of its own, whatever the bundle says") {
  for (const auto& entries : {std::vector<spec::Namespace>{}, {{NamespaceType::network, "/proc/1/ns/net"}}}) {
    auto config = test::config_with(entries);
    const auto decision = apply(asking({Kind::none, {}}), config, nothing);
    REQUIRE(decision);
    CHECK_FALSE(decision->host);
    REQUIRE(config.linux->namespaces.size() == 1);
    CHECK(config.linux->namespaces[0].type == NamespaceType::network);
    CHECK(config.linux->namespaces[0].path.empty());
  }
}

TEST_CASE("net sysctls stay where the stack is the container's") {
  auto config = test::config_with({});
  config.linux->sysctl["net.ipv4.ip_forward"] = "1";
  CHECK(apply(asking({Kind::none, {}}), config, nothing));
  CHECK(config.linux->sysctl.size() == 1);
}

TEST_CASE("container: asks for the other container's namespace") {
  auto config = test::config_with({});
  Request request = asking({Kind::container, "web"});
  request.namespace_of = [](const std::string& id) -> Outcome<std::string> {
    return refuse("container \"" + id + "\" does not exist");
  };
  auto decision = apply(request, config);
  REQUIRE_FALSE(decision);
  CHECK(decision.error().text == "container \"web\" does not exist");
  request.namespace_of = [](const std::string&) -> Outcome<std::string> { return "/proc/self/ns/net"; };
  decision = apply(request, config);  // the other one lives on the host's stack: so does this one
  REQUIRE(decision);
  CHECK(decision->host);
  CHECK(config.linux->namespaces.empty());
  request.namespace_of = nullptr;
  CHECK_FALSE(apply(request, config));
}
