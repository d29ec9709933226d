#include "netmode/policy/rules.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::netmode::policy;

namespace {

std::vector<Ports> ports(const char* text) { return *parse_ports(text, "test"); }

std::string text(const std::vector<PortRange>& ranges) {
  std::string out;
  for (const auto& [first, last] : ranges) out += std::to_string(first) + "-" + std::to_string(last) + " ";
  return out;
}

}  // namespace

TEST_CASE("a set of ports is sorted and merged, each protocol by itself") {
  const auto set = port_set(ports("8000-8010,80,8005-8020,81,53/udp,1-65535/udp,8022"));
  CHECK(text(set.tcp) == "80-81 8000-8020 8022-8022 ");
  CHECK(text(set.udp) == "1-65535 ");
}

TEST_CASE("no list is no rule, an empty list is one") {
  CHECK_FALSE(rules_of({}, {})->any());
  HostOptions options;
  options.bind.emplace();
  const auto rules = rules_of(options, {});
  CHECK(rules->any());
  CHECK(rules->bind->tcp.empty());
}

TEST_CASE("more ranges than a program can tell apart are refused") {
  HostOptions options;
  options.bind.emplace();
  for (std::uint16_t i = 0; i < most_ranges; ++i) {
    const auto port = static_cast<std::uint16_t>(2 * i + 1);
    options.bind->push_back({{port, port}, i % 2 ? Protocol::tcp : Protocol::udp});
  }
  CHECK(rules_of(options, {}));
  options.bind->push_back({{60001, 60001}, Protocol::tcp});
  const auto rules = rules_of(options, {});
  REQUIRE_FALSE(rules);
  CHECK(rules.error().text ==
        "--network host,bind: 4097 ranges of ports that do not touch; at most 4096 can be told apart");
}

namespace {

Outcome<Rules> mapped(const std::vector<const char*>& published) {
  HostOptions options;
  options.map = true;
  std::vector<Publication> all;
  for (const auto* text : published) all.push_back(*parse_publish(text));
  return rules_of(options, all);
}

}  // namespace

TEST_CASE("a map is sorted by the container's ports, each protocol by itself") {
  const auto rules = mapped({"9000:90", "8080:80", "127.0.0.1:80:80/udp", "[::ffff:192.0.2.1]:70:70"});
  REQUIRE(rules);
  REQUIRE(rules->map.tcp.size() == 3);
  CHECK(rules->map.tcp[0].v4);
  CHECK_FALSE(rules->map.tcp[0].v6);
  CHECK(rules->map.tcp[1].host.first == 8080);
  CHECK(rules->map.tcp[2].host.first == 9000);
  CHECK(rules->map.udp.size() == 1);
}

TEST_CASE("without the option publications are no rules") {
  const std::vector<Publication> all = {*parse_publish("8080:80")};
  CHECK_FALSE(rules_of({}, all)->any());
}

TEST_CASE("a map that no socket could follow is refused") {
  const auto text = [](const std::vector<const char*>& published) { return mapped(published).error().text; };
  CHECK(
      text({"8080:80", "8081:80"}) ==
      "--network host,map: 8080:80/tcp and 8081:80/tcp: a port of the container is published twice: a socket "
      "has one address and one port");
  CHECK(text({"8080-8090:80-90", "8200:85"}).find("a port of the container") != std::string::npos);
  CHECK(text({"127.0.0.1:8080:80", "127.0.0.2:8080:81"}).find("a port of the host is published twice") !=
        std::string::npos);
  CHECK(text({"8080:80/sctp"}) ==
        "--network host,map: 8080:80/sctp: SCTP cannot be mapped: no hook of the kernel sees its bind");
  CHECK(text({"[::]:8080:80"}).find("leave the address out") != std::string::npos);
  CHECK(mapped({"8080:80", "8080:80/udp"}));
}

TEST_CASE("more publications than a program can tell apart are refused") {
  std::vector<Publication> all;
  for (std::uint16_t i = 0; i <= most_mappings; ++i) {
    const auto port = static_cast<std::uint16_t>(2 * i + 1);
    all.push_back({"", {port, port}, {port, port}, Protocol::tcp});
  }
  HostOptions options;
  options.map = true;
  CHECK(rules_of(options, all).error().code == E2BIG);
  all.pop_back();
  CHECK(rules_of(options, all));
}
