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
  CHECK_FALSE(rules_of({})->any());
  HostOptions options;
  options.bind.emplace();
  const auto rules = rules_of(options);
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
  CHECK(rules_of(options));
  options.bind->push_back({{60001, 60001}, Protocol::tcp});
  const auto rules = rules_of(options);
  REQUIRE_FALSE(rules);
  CHECK(rules.error().text ==
        "--network host,bind: 4097 ranges of ports that do not touch; at most 4096 can be told apart");
}
