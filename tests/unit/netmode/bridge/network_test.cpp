#include "netmode/bridge/network.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode::bridge;

namespace {

const Network example{"lodger0", {6, 0, 0xff, 1, 2, 3}, {10U << 24 | 61U << 16, 16}, V6{0xfd, 1, 2, 3, 4, 5}};

}  // namespace

TEST_CASE("a network's addresses follow from its subnets") {
  CHECK(to_text(example.gateway()) == "10.61.0.1");
  CHECK(to_text(*example.gateway6()) == "fd01:203:405::1");
  CHECK(to_text(*example.v6_of(example.subnet.first + 258)) == "fd01:203:405::102");
  CHECK(example.has(example.subnet.last()));
  CHECK_FALSE(example.has(example.subnet.last() + 1));
  CHECK(example.prefix6_text() == "fd01:203:405::/64");
  CHECK_FALSE(Network{"x", {}, example.subnet, {}}.gateway6());
}

TEST_CASE("names are made of the address") {
  CHECK(pair_name(example.gateway() + 1) == "lg0a3d0002");
  CHECK(hardware_address(example.gateway() + 1) == Hardware{2, 0x6c, 10, 61, 0, 2});
}

TEST_CASE("a bridge's name is lodger and a number") {
  for (const char* good : {"lodger0", "lodger144"}) CHECK(is_bridge_name(good));
  for (const char* bad : {"lodger", "lodger-x", "lodger0a", "lodger 0", "lodge0", ""})
    CHECK_FALSE(is_bridge_name(bad));
}

TEST_CASE("a definition comes back from its file") {
  const auto back = network_from_file(to_file(example));
  REQUIRE(back);
  CHECK(*back == example);
  const Network four{"lodger1", {}, {192U << 24 | 168U << 16 | 130U << 8, 24}, std::nullopt};
  CHECK(*network_from_file(to_file(four)) == four);
}

TEST_CASE("a damaged definition is told") {
  const std::string text = to_file(example);
  for (std::size_t n = 0; n + 1 < text.find("subnet6"); ++n) {
    CAPTURE(n);
    CHECK_FALSE(network_from_file(text.substr(0, n)));
  }
  for (const char* wrong :
       {"device a/b\nhardware 06:00:00:00:00:01\nsubnet 10.61.0.0/16\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:00:01\nsubnet 10.61.0.1/16\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:00:01\nsubnet 10.61.0.0/20\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:00:01\nsubnet 10.61.0.0/16\nsubnet6 fd00::/48\n",
        "device 1234567890123456\nhardware 06:00:00:00:00:01\nsubnet 10.61.0.0/16\nsubnet6 \n",
        "device x\nsubnet 10.61.0.0/16\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:01\nsubnet 10.61.0.0/16\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:00:01:02\nsubnet 10.61.0.0/16\nsubnet6 \n",
        "device x\nhardware 06:00:00:00:00:1x\nsubnet 10.61.0.0/16\nsubnet6 \n"})
    CHECK_FALSE(network_from_file(wrong));
}

TEST_CASE("a site's device is not there, and its subnet touches none that is taken") {
  const auto site = [](const std::set<std::string>& named, const std::vector<Subnet>& taken) {
    const auto found = free_site(named, taken);
    return found ? found->device + " " + found->subnet.text() : "";
  };
  const Subnet first{10U << 24 | 61U << 16, 16}, inside{10U << 24 | 62U << 16 | 7U << 8, 24},
      ten{10U << 24, 8}, all{0, 0}, host{10U << 24 | 61U << 16 | 5, 32};
  CHECK(site({}, {}) == "lodger0 10.61.0.0/16");
  CHECK(site({}, {first, inside}) == "lodger2 10.63.0.0/16");
  CHECK(site({}, {ten}) == "lodger20 192.168.130.0/24");
  CHECK(site({}, {host}) == "lodger1 10.62.0.0/16");
  CHECK(site({"lodger0", "lodger1", "eth0"}, {}) == "lodger2 10.63.0.0/16");
  CHECK(site({}, {all}).empty());
}

TEST_CASE("names of networks are plain") {
  for (const char* good : {"bridge", "a", "A.b_c-9"}) CHECK(check_name(good));
  for (const char* bad : {"", ".a", "-a", "a/b", "a b", "..", "a\n"}) CHECK_FALSE(check_name(bad));
  CHECK(check_name(std::string(64, 'a')));
  CHECK_FALSE(check_name(std::string(65, 'a')));
}
