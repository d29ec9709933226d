#include "netmode/proxy/program/peers.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace lodger;
using namespace lodger::netmode::proxy;

namespace {

Speaker speaker(std::uint16_t port, std::uint32_t door = 1) {
  Speaker who;
  who.door = door;
  who.port = port;
  return who;
}

std::unique_ptr<Peers> peers(std::uint32_t most) {
  auto out = std::make_unique<Peers>();
  out->begin(most, 42);
  return out;
}

}  // namespace

TEST_CASE("a peer is found by all that it is told apart by, and not otherwise") {
  const auto all = peers(10);
  const auto number = all->add(speaker(1000), {}, 0);
  CHECK(all->find(speaker(1000)) == number);
  CHECK(all->find(speaker(1001)) == none);
  CHECK(all->find(speaker(1000, 2)) == none);
  auto other = speaker(1000);
  other.ours.s6_addr[15] = 1;
  CHECK(all->find(other) == none);
  other = speaker(1000);
  other.client.s6_addr[0] = 1;
  CHECK(all->find(other) == none);
  other = speaker(1000);
  other.interface = 3;
  CHECK(all->find(other) == none);
  all->remove(number);
  CHECK(all->find(speaker(1000)) == none);
  CHECK_FALSE(all->has(number));
  CHECK(all->oldest() == none);
}

TEST_CASE("a full table forgets whoever has been silent for longest") {
  const auto all = peers(3);
  for (std::uint16_t port = 1; port <= 3; ++port) all->add(speaker(port), {}, port);
  all->touch(all->find(speaker(1)), 4);
  all->add(speaker(4), {}, 5);
  CHECK(all->count() == 3);
  CHECK(all->find(speaker(2)) == none);
  CHECK(all->find(speaker(1)) != none);
  CHECK(all->oldest() == all->find(speaker(3)));
  all->touch(all->oldest(), 6);
  CHECK(all->oldest() == all->find(speaker(1)));
}

TEST_CASE("a table as large as it gets holds all, in every order of leaving") {
  const auto all = peers(most_peers);
  for (std::uint32_t i = 0; i < most_peers; ++i) all->add(speaker(static_cast<std::uint16_t>(i + 1)), {}, i);
  CHECK(all->count() == most_peers);
  std::uint32_t missing = 0;
  for (std::uint32_t i = 0; i < most_peers; ++i)
    missing += all->find(speaker(static_cast<std::uint16_t>(i + 1))) == none;
  CHECK(missing == 0);
  for (std::uint32_t i = 0; i < most_peers; i += 2)
    all->remove(all->find(speaker(static_cast<std::uint16_t>(i + 1))));
  for (std::uint32_t left = most_peers / 2; left > 0; --left) {
    REQUIRE(all->count() == left);
    all->remove(all->oldest());
  }
  CHECK(all->oldest() == none);
}

TEST_CASE("descriptors are divided so that everyone who is let in has all that it may need") {
  const auto both = divide(20'000, 5'000, 5'000);
  CHECK(descriptors(5'000, 5'000, 0) + both.flows * per_flow + both.waiting + both.peers <= 20'000);
  CHECK(both.waiting == both.flows / 2);
  CHECK(both.flows > 1'000);
  CHECK(both.peers > 2'000);
  CHECK(divide(20'000, 10'000, 0).flows == (20'000 - 10'000 - others) * 2 / 13);
  CHECK(divide(20'000, 0, 1).peers == most_peers);
  CHECK(divide(100, 200, 0).flows == 0);
  CHECK(divide(10'000'000, 1, 1).flows == most_flows);
  CHECK(divide(10'000'000, 1, 1).waiting == most_waiting);
  CHECK(divide(descriptors(1, 0, 1'024), 1, 0).flows == 1'024);
}
