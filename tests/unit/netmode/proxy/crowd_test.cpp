#include "netmode/proxy/program/crowd.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <random>
#include <string>

using namespace lodger::netmode::proxy;

namespace {

in6_addr address(const std::string& text) {
  in6_addr out{};
  REQUIRE(::inet_pton(AF_INET6, text.c_str(), &out) == 1);
  return out;
}

template <class Table>
std::unique_ptr<Table> made() {
  auto out = std::make_unique<Table>();
  out->begin(42);
  return out;
}

void add(Crowd& crowd, std::uint32_t first, std::uint32_t last, const std::string& client) {
  for (auto flow = first; flow <= last; ++flow) crowd.add(flow, address(client));
}

}  // namespace

TEST_CASE("shares: who has how many, in any order of coming and leaving") {
  const auto shares = made<Shares>();
  std::map<std::uint32_t, std::uint32_t> owners;  // client by flow
  const auto client = [](std::uint32_t number) { return address("fd00::" + std::to_string(number)); };
  const auto count = [&](std::uint32_t number) {
    return std::ranges::count_if(owners, [&](const auto& each) { return each.second == number; });
  };
  std::mt19937 numbers(1);
  const auto random = [&] { return static_cast<std::uint32_t>(numbers()); };
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t flow = 1 + random() % 60, number = random() % 9 * (random() % 9);
    if (owners.erase(flow) != 0) {
      shares->remove(flow);
    } else {
      shares->add(flow, client(number));
      owners[flow] = number;
    }
    std::ptrdiff_t most = 0;
    for (const auto& [_, owner] : owners) most = std::max(most, count(owner));
    REQUIRE(shares->most() == most);
    REQUIRE(shares->of(client(number)) == count(number));
    if (most != 0) REQUIRE(count(owners.at(shares->last_of_most())) == most);
  }
}

TEST_CASE("shares: the one that came last goes first, and behind it the one before") {
  const auto shares = made<Shares>();
  for (const std::uint32_t flow : {5, 3, 9}) shares->add(flow, address("fd00::1"));
  CHECK(shares->last_of_most() == 9);
  shares->remove(3);
  shares->remove(9);
  CHECK(shares->last_of_most() == 5);
  shares->remove(5);
  CHECK(shares->most() == 0);
}

TEST_CASE("crowd: who has the most gives way to who has less, and nobody to an equal") {
  const auto crowd = made<Crowd>();
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.1")) == none);
  add(*crowd, 1, 1, "::ffff:192.0.2.1");
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.2")) == none);  // one each, and neither would have two
  add(*crowd, 2, 10, "::ffff:192.0.2.1");
  add(*crowd, 11, 14, "::ffff:192.0.2.2");
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.1")) == none);
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.2")) == 10);
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.3")) == 10);
  CHECK(crowd->gives_way_to(address("2001:db8::1")) == 10);
  for (std::uint32_t flow = 6; flow <= 10; ++flow) crowd->remove(flow);
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.2")) == none);  // 5 and 4
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.3")) == 5);
}

TEST_CASE("crowd: addresses of one IPv6 network count as one against others, and apart in it") {
  const auto crowd = made<Crowd>();
  for (std::uint32_t flow = 1; flow <= 20; ++flow)
    add(*crowd, flow, flow, "2001:db8::" + std::to_string(flow));
  add(*crowd, 21, 24, "::ffff:192.0.2.1");
  CHECK(crowd->gives_way_to(address("::ffff:192.0.2.1")) == 20);  // no host has more than its 4
  CHECK(crowd->gives_way_to(address("2001:db8::99")) == none);    // nor takes it from another network
  add(*crowd, 25, 34, "2001:db8::1");
  add(*crowd, 35, 35, "2001:db8::2");
  CHECK(crowd->gives_way_to(address("2001:db8::99")) == 34);     // of who has the most beside it
  CHECK(crowd->gives_way_to(address("2001:db8:0:1::1")) == 34);  // and not of its quiet neighbour
  CHECK(crowd->gives_way_to(address("2001:db8::1")) == none);
}
