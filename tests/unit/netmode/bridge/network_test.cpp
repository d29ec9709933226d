#include "netmode/bridge/network.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::netmode::bridge;

namespace {

const Network example{"lodger0", {10U << 24 | 61U << 16, 16}, V6{0xfd, 1, 2, 3, 4, 5}};

}  // namespace

TEST_CASE("a network's addresses follow from its subnets") {
  CHECK(to_text(example.gateway()) == "10.61.0.1");
  CHECK(to_text(*example.gateway6()) == "fd01:203:405::1");
  CHECK(to_text(*example.v6_of(example.subnet.first + 258)) == "fd01:203:405::102");
  CHECK(example.has(example.subnet.last()));
  CHECK_FALSE(example.has(example.subnet.last() + 1));
  CHECK(example.prefix6_text() == "fd01:203:405::/64");
  CHECK_FALSE(Network{"x", example.subnet, {}}.gateway6());
}

TEST_CASE("names are made of the address") {
  CHECK(pair_name(example.gateway() + 1) == "lg0a3d0002");
  CHECK(hardware_address(example.gateway() + 1) == std::array<std::uint8_t, 6>{2, 0x6c, 10, 61, 0, 2});
}

TEST_CASE("a definition comes back from its file") {
  const auto back = network_from_file(to_file(example));
  REQUIRE(back);
  CHECK(*back == example);
  const Network four{"lodger1", {192U << 24 | 168U << 16 | 130U << 8, 24}, std::nullopt};
  CHECK(*network_from_file(to_file(four)) == four);
}

TEST_CASE("a damaged definition is told") {
  const std::string text = to_file(example);
  for (std::size_t n = 0; n + 1 < text.find("subnet6"); ++n) {
    CAPTURE(n);
    CHECK_FALSE(network_from_file(text.substr(0, n)));
  }
  for (const char* wrong :
       {"device a/b\nsubnet 10.61.0.0/16\nsubnet6 \n", "device x\nsubnet 10.61.0.1/16\nsubnet6 \n",
        "device x\nsubnet 10.61.0.0/20\nsubnet6 \n", "device x\nsubnet 10.61.0.0/16\nsubnet6 fd00::/48\n",
        "device 1234567890123456\nsubnet 10.61.0.0/16\nsubnet6 \n"})
    CHECK_FALSE(network_from_file(wrong));
}

TEST_CASE("a free subnet touches none that is taken") {
  CHECK(free_subnet({})->text() == "10.61.0.0/16");
  const Subnet first{10U << 24 | 61U << 16, 16}, inside{10U << 24 | 62U << 16 | 7U << 8, 24},
      ten{10U << 24, 8}, all{0, 0}, host{10U << 24 | 61U << 16 | 5, 32};
  CHECK(free_subnet(std::vector{first, inside})->text() == "10.63.0.0/16");
  CHECK(free_subnet(std::vector{ten})->text() == "192.168.130.0/24");
  CHECK(free_subnet(std::vector{host})->text() == "10.62.0.0/16");
  CHECK_FALSE(free_subnet(std::vector{all}));
}

TEST_CASE("names of networks are plain") {
  for (const char* good : {"bridge", "a", "A.b_c-9"}) CHECK(check_name(good));
  for (const char* bad : {"", ".a", "-a", "a/b", "a b", "..", "a\n"}) CHECK_FALSE(check_name(bad));
  CHECK(check_name(std::string(64, 'a')));
  CHECK_FALSE(check_name(std::string(65, 'a')));
}
