#include "netmode/relay/arguments.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace lodger::netmode::relay {
namespace {

const Program debian12{"/usr/bin/pasta", "unknown version", 0},
    middle{"/usr/bin/pasta", "2024_02_20.1e6f92b", 20240220},
    today{"/usr/bin/pasta", "0.0~git20261002.cba3570-1", 20261002};

/// "tcp-in udp-in tcp-out udp-out"
std::string carried(const Program& program, const std::string& options, std::vector<PortRange> udp = {}) {
  Task task{options.empty() ? Options{} : *parse_options(options), std::move(udp)};
  const auto argv = arguments(program, task, {});
  if (!argv) return argv.error().text;
  std::string out;
  for (const auto* name : {"--tcp-ports", "--udp-ports", "--tcp-ns", "--udp-ns"})
    out += (out.empty() ? "" : " ") + *(std::ranges::find(*argv, name) + 1);
  return out;
}

bool has(const Program& program, const std::string& word) {
  const auto argv = *arguments(program, {}, {});
  return std::ranges::find(argv, word) != argv.end();
}

}  // namespace

TEST_CASE("pasta follows what both sides listen on") {
  CHECK(carried(middle, "") == "auto auto auto auto");
  CHECK(carried(today, "") == "1-65535,auto 1-65535,auto 1-65535,auto 1-65535,auto");
}

TEST_CASE("pasta of 2023-03 is narrowed in both directions or in none") {
  for (const auto* options : {"ports=80", "to-host=80", "ports=none", "to-host=none", "ports=53/udp"})
    CHECK_THAT(
        carried(debian12, options),
        Catch::StartsWith("--network relay: /usr/bin/pasta (unknown version) confuses the directions"));
  CHECK(carried(debian12, "ports=80,to-host=none") == "80 none none none");
  CHECK(carried(debian12, "ports=none,to-host=80") == "none none 80 none");
  CHECK(carried(middle, "ports=none") == "none none auto auto");
  CHECK(carried(middle, "ports=80") == "80 none auto auto");
}

TEST_CASE("named ports are let through while somebody listens, where pasta can tell") {
  CHECK(carried(today, "ports=8000,ports=9000-9010/udp,to-host=5432") ==
        "8000,auto 9000-9010,auto 5432,auto none");
}

TEST_CASE("pasta that does not follow UDP gets the ports that the container declares") {
  CHECK(carried(debian12, "", {{53, 53}, {1000, 1010}}) == "auto 53,1000-1010 auto auto");
  CHECK(carried(debian12, "ports=80/udp,to-host=none", {{53, 53}}) == "none 80 none none");
  CHECK(carried(middle, "", {{53, 53}}) == "auto auto auto auto");
}

TEST_CASE("pasta is told that loopback is loopback from the version on in which it has to be") {
  CHECK(!has(debian12, "--host-lo-to-ns-lo"));
  CHECK(!has(middle, "--host-lo-to-ns-lo"));
  CHECK(has(today, "--host-lo-to-ns-lo"));
}

TEST_CASE("nothing of the host answers on the gateway's address") { CHECK(has(debian12, "--no-map-gw")); }

TEST_CASE("the gateway itself is found by IPv6's neighbour discovery, and names no router") {
  for (const auto& program : {debian12, middle, today}) {
    CHECK(!has(program, "--no-ndp"));
    CHECK(has(program, "--no-ra"));
  }
}

TEST_CASE("pasta's version tells its date, in Debian's words and its own") {
  CHECK(date_of("0.0~git20261002.cba3570-1") == 20261002);
  CHECK(date_of("2024_10_30.ee7d0b6") == 20241030);
  CHECK(date_of("unknown version") == 0);
  CHECK(date_of("20.2024") == 0);
  CHECK(date_of("") == 0);
}

}  // namespace lodger::netmode::relay
