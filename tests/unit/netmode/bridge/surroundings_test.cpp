#include "netmode/bridge/surroundings.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode::bridge;

TEST_CASE("routes of all tables are read as subnets, the default one left out") {
  const auto found = routed(
      "Id 100:\n"
      "  |-- 10.61.0.0\n"
      "     /16 universe UNICAST\n"
      "Main:\n"
      "  +-- 0.0.0.0/0 2 0 2\n"
      "     |-- 0.0.0.0\n"
      "        /0 universe UNICAST\n"
      "     |-- 192.0.2.0\n"
      "        /24 link UNICAST\n"
      "        /25 universe BLACKHOLE tos=8\n"
      "Local:\n"
      "     |-- 192.0.2.2\n"
      "        /32 host LOCAL\n"
      "     |-- broken\n"
      "        /8 host LOCAL\n"
      "     |-- 1.2.3.4\n"
      "        /x host LOCAL\n");
  std::vector<std::string> texts;
  for (const auto& one : found) texts.push_back(one.text());
  CHECK(texts == std::vector<std::string>{"10.61.0.0/16", "192.0.2.0/24", "192.0.2.0/25", "192.0.2.2/32"});
  CHECK(routed("").empty());
}

TEST_CASE("devices are read by name") {
  const auto found = device_names(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
      "    lo:  840  10 0 0\nlodger0:12 0 0\n");
  CHECK(found == std::set<std::string>{"lo", "lodger0"});
}

TEST_CASE("this machine's own are readable, and a prefix is unique local") {
  CHECK(devices()->contains("lo"));
  CHECK(routed_subnets());
  const auto one = random_prefix(), other = random_prefix();
  REQUIRE(one);
  CHECK(one->front() == 0xfd);
  CHECK(*one != *other);
  const auto hardware = random_hardware(), another = random_hardware();
  REQUIRE(hardware);
  CHECK((hardware->front() & 3) == 2);  // of one device, locally administered
  CHECK(*hardware != *another);
  CHECK(*whose_device({"lo", {}, {}, {}}) == Whose::ours);
  CHECK(*whose_device({"lo", *hardware, {}, {}}) == Whose::others);
  CHECK(*whose_device({"lodger-none", {}, {}, {}}) == Whose::nobody);
}
