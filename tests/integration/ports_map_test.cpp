// --network host,map: published ports without NAT. The container binds its own numbers, the host's sockets
// have the published ones; on a stack of the test's own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/host_stack.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

using Flags = std::vector<std::string>;

#define NEEDS_MAP() \
  NEEDS_ROOT();     \
  NEEDS(has_cgroup2(), "needs a cgroup2 tree")

Flags mapped(const Flags& published, const std::string& more = "") {
  Flags flags = {"--network", "host,map" + more};
  for (const auto& one : published) flags.insert(flags.end(), {"-p", one});
  return flags;
}

Facts in_map(const Flags& published, const std::string& line, const std::string& more = "",
             const Edit& edit = {}) {
  return inside(line, edit, mapped(published, more));
}

/// The probe on the host.
Facts on_host(const std::string& line) {
  std::vector<std::string> args = {probe_path()};
  for (auto& word : words(line)) args.push_back(word);
  return Facts(run_command(args).out);
}

const std::string denied = std::to_string(EPERM), granted = "0", refused_there = std::to_string(ECONNREFUSED);

}  // namespace

TEST_CASE("port map: a server on :80 answers on the host's 8080, and sees :80 everywhere", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const std::string kind = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  const std::string protocol = kind.substr(0, 3);
  const Bundle bundle("serve " + kind + " 80");
  Container container(bundle);
  container.create(mapped({"8080:80/" + protocol}));
  container.start();
  container.wait_for_output("listening." + kind + "=80");
  if (protocol == "tcp")
    CHECK(on_host("ask " + kind + " 80 hello")["ask:" + kind + ".errno"] == refused_there);
  CHECK(on_host("ask " + kind + " 8080 hello")["ask:" + kind] == "inside:hello");
  container.wait_for("stopped");
  CHECK(container.facts()["served"] == "hello");
}

TEST_CASE("port map: on the loopback the container finds its own server under its own number",
          "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts =
      in_map({"8080:80", "5353:53/udp"},
             "talk tcp4 0.0.0.0 127.0.0.1 80 ; talk tcp6 :: ::1 80 ; talk tcp6 :: ::ffff:127.0.0.1 80 ; "
             "talk udp4 0.0.0.0 127.0.0.1 53 ; talk udp6 :: ::1 53 ; talk udp6 :: ::ffff:127.0.0.1 53");
  for (const std::string to : {"127.0.0.1", "::1", "::ffff:127.0.0.1"}) {
    const std::string family = to == "127.0.0.1" ? "4" : "6";
    const auto any = family == "4" ? "0.0.0.0" : "::";
    INFO(facts.text());
    CHECK(facts["talk:tcp" + family + ":" + to + ".server.name"] == std::string(any) + " 80");
    CHECK(facts["talk:tcp" + family + ":" + to + ".peer"] == to + " 80");
    CHECK(facts["talk:tcp" + family + ":" + to + ".accepted.name"] == to + " 80");
    CHECK(facts["talk:udp" + family + ":" + to + ".answer"] == to + " 53");
    CHECK(facts["talk:udp" + family + ":" + to + ".peer"] == to + " 53");
  }
}

TEST_CASE("port map: published on one address, a server on all has that one", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts =
      in_map({"127.0.0.2:8080:80", "127.0.0.2:5353:53/udp"},
             "talk tcp4 0.0.0.0 127.0.0.1 80 ; talk tcp6 :: ::1 80 ; talk tcp6 :: ::ffff:127.0.0.1 80 ; "
             "talk udp4 0.0.0.0 127.0.0.1 53 ; bind tcp4 127.0.0.2 80 ; bind tcp4 127.0.0.1 80 ; "
             "bind tcp6 ::1 80 ; bind tcp6 :: 80 v6only");
  INFO(facts.text());
  CHECK(facts["talk:tcp4:127.0.0.1.server.name"] == "127.0.0.2 80");
  CHECK(facts["talk:tcp4:127.0.0.1.peer"] == "127.0.0.1 80");
  CHECK(facts["talk:tcp6:::1.peer"] == "::ffff:127.0.0.1 80");
  CHECK(facts["talk:tcp6:::ffff:127.0.0.1.accepted.name"] == "::ffff:127.0.0.2 80");
  CHECK(facts["talk:udp4:127.0.0.1.answer"] == "127.0.0.1 53");
  CHECK(facts["bind:tcp4:127.0.0.2:80.errno"] == granted);
  CHECK(facts["bind:tcp4:127.0.0.1:80.errno"] == denied);
  CHECK(facts["bind:tcp6:::1:80.errno"] == denied);
  CHECK(facts["bind:tcp6::::80.errno"] == std::to_string(EINVAL));  // the kernel's own word for IPv4 in it
}

TEST_CASE("port map: published on an address of IPv6", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts =
      in_map({"[::1]:8080:80"}, "talk tcp6 :: ::1 80 ; bind tcp4 0.0.0.0 80 ; bind tcp6 :: 80 v6only");
  INFO(facts.text());
  CHECK(facts["talk:tcp6:::1.server.name"] == "::1 80");
  CHECK(facts["talk:tcp6:::1.peer"] == "::1 80");
  CHECK(facts["bind:tcp4:0.0.0.0:80.errno"] == denied);
  CHECK(facts["bind:tcp6::::80.errno"] == granted);
}

TEST_CASE("port map: 0.0.0.0 is all of IPv4 and none of IPv6", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const Bundle bundle("bind tcp6 :: 80 ; bind tcp4 127.0.0.1 80 ; hold");
  Container container(bundle);
  container.create(mapped({"0.0.0.0:8080:80"}));
  container.start();
  container.wait_for_output("holding");
  CHECK(container.facts()["bind:tcp6::::80.errno"] == granted);
  CHECK(container.facts()["bind:tcp6::::80.name"] == "::ffff:0.0.0.0 80");
}

TEST_CASE("port map: ranges, a swap, and numbers of the host that are nobody's", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts = in_map({"9000-9009:8000-8009", "81:82", "82:81"},
                            "bind tcp4 0.0.0.0 8000 ; bind tcp4 0.0.0.0 8009 ; bind tcp4 0.0.0.0 81 ; "
                            "bind tcp4 0.0.0.0 82 ; bind tcp4 0.0.0.0 9004 ; bind tcp4 0.0.0.0 8010 ; "
                            "bind udp4 0.0.0.0 8000 ; bind tcp4 0.0.0.0 0");
  INFO(facts.text());
  for (const std::string port : {"8000", "8009", "81", "82"}) {
    CHECK(facts["bind:tcp4:0.0.0.0:" + port + ".errno"] == granted);
    CHECK(facts["bind:tcp4:0.0.0.0:" + port + ".name"] == "0.0.0.0 " + port);
  }
  CHECK(facts["bind:tcp4:0.0.0.0:9004.errno"] == denied);
  CHECK(facts["bind:tcp4:0.0.0.0:8010.name"] == "0.0.0.0 8010");
  CHECK(facts["bind:udp4:0.0.0.0:8000.name"] == "0.0.0.0 8000");
  CHECK(facts["bind:tcp4:0.0.0.0:0.errno"] == granted);
}

TEST_CASE("port map: with a list what is published may be bound as well", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts = in_map({"8080:80"},
                            "bind tcp4 0.0.0.0 80 ; bind tcp4 0.0.0.0 443 ; bind tcp4 0.0.0.0 81 ; "
                            "bind tcp4 0.0.0.0 8080 ; bind udp4 0.0.0.0 80",
                            ",bind=443");
  INFO(facts.text());
  CHECK(facts["bind:tcp4:0.0.0.0:80.name"] == "0.0.0.0 80");
  CHECK(facts["bind:tcp4:0.0.0.0:443.errno"] == granted);
  CHECK(facts["bind:tcp4:0.0.0.0:81.errno"] == denied);
  CHECK(facts["bind:tcp4:0.0.0.0:8080.errno"] == denied);
  CHECK(facts["bind:udp4:0.0.0.0:80.errno"] == denied);
}

TEST_CASE("port map: two containers with one number, and one that is none of them", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const Bundle one("serve tcp4 80"), other("serve tcp4 80");
  Container first(one), second(other);
  first.create(mapped({"8081:80"}));
  second.create(mapped({"8082:80"}));
  for (auto* each : {&first, &second}) {
    each->start();
    each->wait_for_output("listening.tcp4=80");
  }
  CHECK(on_host("ask tcp4 8082 two")["ask:tcp4"] == "inside:two");
  CHECK(on_host("ask tcp4 8081 one")["ask:tcp4"] == "inside:one");
  second.wait_for("stopped");
  CHECK(second.facts()["served"] == "two");
}

TEST_CASE("port map: exec is in it", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const std::string kind = GENERATE("tcp4", "tcp6", "udp4", "udp6");
  CAPTURE(kind);
  const Bundle bundle("serve " + kind + " 80 ; hold");  // exec goes with the first process
  Container container(bundle);
  container.create(mapped({"8080:80/" + kind.substr(0, 3)}));
  container.start();
  container.wait_for_output("listening." + kind + "=80");
  const std::string any = kind.ends_with('6') ? "::" : "0.0.0.0";
  const auto bound = container.call({"exec", container.id(), "/bin/probe", "bind", kind, any, "8080"});
  CHECK(Facts(bound.out)["bind:" + kind + ":" + any + ":8080.errno"] == denied);
  const auto asked = container.call({"exec", container.id(), "/bin/probe", "ask", kind, "80", "hello"});
  CHECK(Facts(asked.out)["ask:" + kind] == "inside:hello");
}

TEST_CASE("port map: a port of the host's choice is told, and kept in the state", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const Bundle bundle("serve tcp4 80", [](json& config) {
    config["annotations"]["org.opencontainers.image.exposedPorts"] = "80,53/udp";
  });
  Container container(bundle);
  Flags flags = {"--network", "host,map"};
  if (GENERATE(false, true))
    flags.emplace_back("-P");
  else
    flags.insert(flags.end(), {"-p", "127.0.0.1::80"});
  const auto created = container.call(container.making("create", flags));
  INFO(created.summary());
  REQUIRE(created.status == 0);
  CHECK(created.err.find("--network host,map: chosen for the container: ") != std::string::npos);
  const auto state = json::parse(read_file(container.root() + "/" + container.id() + "/state.json"));
  auto text = state.at("network").at("map").at(0).get<std::string>();
  REQUIRE(text.ends_with(":80/tcp"));
  if (text.starts_with("127.0.0.1:")) text = text.substr(10);
  const auto port = text.substr(0, text.find(':'));
  CHECK(created.err.find(port + ":80/tcp") != std::string::npos);
  container.start();
  CHECK(support::eventually([&] { return on_host("ask tcp4 " + port + " hello").has("ask:tcp4"); }));
}

TEST_CASE("port map: annotations do what flags do", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto facts = inside("bind tcp4 0.0.0.0 80 ; bind tcp4 0.0.0.0 8080", [](json& config) {
    config["annotations"]["org.lodger.network.map"] = "true";
    config["annotations"]["org.lodger.network.publish"] = "8080:80";
  });
  CHECK(facts["bind:tcp4:0.0.0.0:80.name"] == "0.0.0.0 80");
  CHECK(facts["bind:tcp4:0.0.0.0:8080.errno"] == denied);
}

TEST_CASE("port map: a published port below 1024 of the host needs no capability", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  const auto user = [](json& config) {
    config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
    config["process"].erase("capabilities");
  };
  CHECK(in_map({"80:8080"}, "bind tcp4 0.0.0.0 8080", "", user)["bind:tcp4:0.0.0.0:8080.name"] ==
        "0.0.0.0 8080");
}

TEST_CASE("port map: what no socket can be is refused before anything is made", "[ports_map]") {
  NEEDS_MAP();
  const HostStack stack;
  struct Case {
    Flags published;
    std::string text;
  };
  const auto& [published, text] =
      GENERATE(Case{{"8080:80/sctp"}, "8080:80/sctp: SCTP cannot be mapped"},
               Case{{"8080:80", "8081:80"}, "a port of the container is published twice"},
               Case{{"8080:80", "8080:81"}, "a port of the host is published twice"},
               Case{{"[::]:8080:80"}, "[::]:8080:80/tcp: a socket cannot be kept to IPv6"});
  refused({}, {"--network host,map: ", text}, mapped(published));
}

TEST_CASE("port map: without a cgroup it is refused", "[ports_map]") {
  NEEDS_MAP();
  const Bundle bundle("echo ran", [](json& config) {
    config["linux"].erase("resources");
    config["linux"].erase("cgroupsPath");
  });
  Container container(bundle, {"--cgroup-manager", "disabled"});
  const Finished done = container.run(mapped({"8080:80"}));
  CHECK(done.status == 1);
  CHECK(done.err.find("--network host,map: it is enforced by a program on the container's cgroup2 folder") !=
        std::string::npos);
}
