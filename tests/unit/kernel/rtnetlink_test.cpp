#include "kernel/rtnetlink.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <sys/utsname.h>

#include "tests/unit/own_stack.hpp"

using namespace lodger;
using namespace lodger::kernel::netlink;
using namespace lodger::tests;

namespace {

Address ipv4(const char* text, unsigned char prefix, const char* label = "") {
  Address address;
  address.header.ifa_family = AF_INET;
  address.header.ifa_prefixlen = prefix;
  address.label = label;
  std::vector<char> bytes(4);
  REQUIRE(::inet_pton(AF_INET, text, bytes.data()) == 1);
  address.parts = {{IFA_LOCAL, bytes}, {IFA_ADDRESS, bytes}};
  return address;
}

}  // namespace

TEST_CASE("rtnetlink: links are found by name and by number") {
  OWN_STACK_WITH_PAIR("left", "right");
  Links links(route_socket());
  const auto left = links.find("left", "x");
  REQUIRE(left);
  CHECK(left->name == "left");
  CHECK_FALSE(left->flags & IFF_UP);
  CHECK(links.find(left->index, "x")->name == "left");
  const auto none = links.find("nobody", "looking");
  CHECK(none.error().code == ENODEV);
  CHECK(none.error().text.starts_with("looking: No such device"));
  CHECK(links.set_up(left->index, "x"));
  CHECK(links.find("left", "x")->flags & IFF_UP);
}

TEST_CASE("rtnetlink: the kernel says which link stays in its namespace, since Linux 6.14") {
  OWN_STACK_WITH_PAIR("left", "right");
  utsname name{};
  ::uname(&name);
  int major = 0, minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  if (major < 6 || (major == 6 && minor < 14)) SKIP_TEST("Linux older than 6.14");
  Links links(route_socket());
  CHECK(links.find("lo", "x")->immovable);
  CHECK_FALSE(links.find("left", "x")->immovable);
}

TEST_CASE("rtnetlink: an address that was read can be given again") {
  OWN_STACK_WITH_PAIR("left", "right");
  Links links(route_socket());
  const int left = links.find("left", "x")->index, right = links.find("right", "x")->index;
  auto labelled = ipv4("10.1.2.3", 24, "left:7");
  REQUIRE(links.add_address(left, labelled, "x"));
  REQUIRE(links.add_address(left, labelled, "x"));  // replaces itself
  REQUIRE(links.add_address(left, ipv4("10.1.2.4", 24), "x"));
  auto found = links.addresses(left, "x");
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK(links.addresses(right, "x")->empty());
  CHECK((*found)[0].label == "left:7");
  CHECK((*found)[0].header.ifa_prefixlen == 24);
  CHECK((*found)[0].flags & IFA_F_PERMANENT);
  CHECK((*found)[1].flags & IFA_F_SECONDARY);
  REQUIRE(links.add_address(right, (*found)[0], "x"));
  const auto again = links.addresses(right, "x");
  REQUIRE(again->size() == 1);
  CHECK(again->front().label == "left:7");
  CHECK(again->front().parts.size() == (*found)[0].parts.size());
}

TEST_CASE("rtnetlink: a link moves under a name, and is renamed with a template") {
  OWN_STACK_WITH_PAIR("left", "right");
  const Elsewhere elsewhere;
  Links links(route_socket());
  auto there = elsewhere.links();
  REQUIRE(links.move(links.find("left", "x")->index, elsewhere.ns(), "guest", "x"));
  CHECK(links.find("left", "x").error().code == ENODEV);
  const auto guest = there.find("guest", "x");
  REQUIRE(guest);
  REQUIRE(there.rename(guest->index, "eth%d", "x"));
  CHECK(there.find(guest->index, "x")->name == "eth0");
  const auto taken = there.rename(guest->index, "lo", "renaming");
  CHECK(taken.error().code == EEXIST);
  const auto stays = links.move(links.find("lo", "x")->index, elsewhere.ns(), "lo2", "moving lo");
  CHECK(stays.error().code == EINVAL);
}
