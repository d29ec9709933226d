#include "runtime/cli/quantity.hpp"

#include <catch2/catch.hpp>

using namespace lodger::cli;

TEST_CASE("bytes with and without a unit") {
  CHECK(parse_bytes("--memory", "4096") == 4096);
  CHECK(parse_bytes("--memory", "-1") == -1);
  CHECK(parse_bytes("--memory", "0") == 0);
  CHECK(parse_bytes("--memory", "512M") == 512 << 20);
  CHECK(parse_bytes("--memory", "512mb") == 512 << 20);
  CHECK(parse_bytes("--memory", "1.5GiB") == 3LL << 29);
  CHECK(parse_bytes("--memory", "2 k") == 2048);
  CHECK(parse_bytes("--memory", "7b") == 7);
  CHECK(parse_bytes("--memory", "1T") == 1LL << 40);
  for (const char* bad :
       {"", "M", "-2", "1x", "1kk", "1 .", "1.2.3", "0x10", "1e3", " 1", "99999P", "1bi", "--1"}) {
    INFO(bad);
    CHECK_FALSE(parse_bytes("--memory", bad));
  }
}

TEST_CASE("lengths of time as Go writes them") {
  CHECK(parse_duration("--interval", "5s") == 5'000'000'000);
  CHECK(parse_duration("--interval", "1m30s") == 90'000'000'000);
  CHECK(parse_duration("--interval", "1.5h") == 5'400'000'000'000);
  CHECK(parse_duration("--interval", "500ms") == 500'000'000);
  CHECK(parse_duration("--interval", "3us4ns") == 3004);
  CHECK(parse_duration("--interval", "0") == 0);
  for (const char* bad : {"", "5", "s", "5 s", "-5s", "5x", "1h2", "5S", "99999999h"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration("--interval", bad));
  }
}

TEST_CASE("integers: the whole text, within the type's range") {
  CHECK(parse_integer<std::int64_t>("--x", "-7") == -7);
  CHECK(parse_integer<std::uint16_t>("--x", "65535") == 65535);
  CHECK_FALSE(parse_integer<std::uint16_t>("--x", "65536"));
  CHECK_FALSE(parse_integer<std::uint64_t>("--x", "-1"));
  for (const char* bad : {"", "1x", " 1", "+1", "0x1", "1.0"})
    CHECK_FALSE(parse_integer<std::int64_t>("--x", bad));
}
