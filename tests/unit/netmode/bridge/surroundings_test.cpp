#include "netmode/bridge/surroundings.hpp"

#include <catch2/catch.hpp>

using namespace lodger::netmode::bridge;

TEST_CASE("routes are read as subnets, the default one left out") {
  const auto found = routed(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
      "broken line\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].text() == "192.0.2.0/24");
  CHECK(found[1].text() == "10.0.0.0/8");
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
