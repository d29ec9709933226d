// What comes over the proxy's stdin is checked before it is believed.
#include "netmode/proxy/program/session.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <random>

using namespace lodger::netmode;
using namespace lodger::netmode::proxy;

namespace {

Row row(PortRange host, PortRange container) {
  return {Protocol::tcp, Reach::v4, host, container, {127, 0, 0, 1}};
}

bool sound(const Row& one) {
  const auto rows = std::make_unique<Rows>();
  rows->count = 1;
  rows->rows[0] = one;
  return is_sound(*rows, offsetof(Rows, rows) + sizeof(Row));
}

}  // namespace

TEST_CASE("rows that can be opened are sound") {
  CHECK(sound(row({80, 80}, {80, 80})));
  CHECK(sound(row({0, 0}, {80, 89})));
  CHECK(sound(row({80, 89}, {1, 1})));
  CHECK(sound(row({1, 65535}, {1, 65535})));
}

TEST_CASE("rows that are not are refused") {
  CHECK_FALSE(sound(row({80, 80}, {0, 0})));
  CHECK_FALSE(sound(row({80, 79}, {80, 80})));
  CHECK_FALSE(sound(row({80, 80}, {80, 79})));
  CHECK_FALSE(sound(row({0, 5}, {80, 80})));
  CHECK_FALSE(sound(row({80, 82}, {80, 81})));
  auto one = row({80, 80}, {80, 80});
  one.protocol = Protocol::sctp;
  CHECK_FALSE(sound(one));
  one = row({80, 80}, {80, 80});
  one.reach = static_cast<Reach>(3);
  CHECK_FALSE(sound(one));
}

TEST_CASE("a message has the size that it says") {
  const auto rows = std::make_unique<Rows>();
  CHECK(is_sound(*rows, offsetof(Rows, rows)));
  CHECK_FALSE(is_sound(*rows, offsetof(Rows, rows) - 1));
  CHECK_FALSE(is_sound(*rows, offsetof(Rows, rows) + 1));
  rows->count = rows_at_once + 1;
  CHECK_FALSE(is_sound(*rows, sizeof(Rows)));
  rows->count = 0;
  rows->all_tcp = most_doors;
  rows->all_udp = 1;
  CHECK_FALSE(is_sound(*rows, offsetof(Rows, rows)));
  rows->all_tcp = 0xffffffff;
  CHECK_FALSE(is_sound(*rows, offsetof(Rows, rows)));
}

TEST_CASE("noise that is taken for rows keeps within the tables") {
  std::mt19937 random(8);
  const auto rows = std::make_unique<Rows>();
  int seen = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto* bytes = reinterpret_cast<unsigned char*>(rows.get());
    for (std::size_t i = 0; i < offsetof(Rows, rows) + sizeof(Row); ++i)
      bytes[i] = static_cast<unsigned char>(random() % 4 ? 0 : random() % 3);
    if (!is_sound(*rows, offsetof(Rows, rows) + rows->count % 3 * sizeof(Row))) continue;
    REQUIRE(rows->count <= 2);
    ++seen;
    for (std::uint32_t i = 0; i < rows->count; ++i) {
      REQUIRE(rows->rows[i].container.first <= rows->rows[i].container.last);
      REQUIRE(rows->rows[i].container.first > 0);
    }
  }
  CHECK(seen > 0);
}
