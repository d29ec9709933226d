#include "netmode/devices.hpp"

#include <arpa/inet.h>
#include <linux/if.h>

#include "tests/unit/own_stack.hpp"

using namespace lodger;
using namespace lodger::netmode;
using namespace lodger::kernel::netlink;
using namespace lodger::tests;

namespace {

spec::Linux with_devices(std::map<std::string, spec::NetDevice> devices, std::string path = "") {
  spec::Linux object;
  object.net_devices = std::move(devices);
  object.namespaces = {{spec::NamespaceType::network, std::move(path)}};
  return object;
}

Address address(int family, const char* text, unsigned char prefix, unsigned char scope = RT_SCOPE_UNIVERSE,
                std::uint32_t flags = 0) {
  Address made;
  made.header.ifa_family = static_cast<std::uint8_t>(family);
  made.header.ifa_prefixlen = prefix;
  made.header.ifa_scope = scope;
  made.flags = flags;
  std::vector<char> bytes(family == AF_INET ? 4 : 16);
  REQUIRE(::inet_pton(family, text, bytes.data()) == 1);
  made.parts = {{IFA_LOCAL, bytes}, {IFA_ADDRESS, bytes}};
  return made;
}

/// "10.0.0.1/24", without what the kernel made itself (fe80::).
std::vector<std::string> texts(Links& links, const std::string& name) {
  const auto link = links.find(name, "x");
  REQUIRE(link);
  const auto addresses = links.addresses(link->index, "x");
  REQUIRE(addresses);
  std::vector<std::string> all;
  for (const auto& found : *addresses) {
    if (found.header.ifa_family == AF_INET6 && found.header.ifa_scope == RT_SCOPE_LINK) continue;
    char text[INET6_ADDRSTRLEN] = "";
    for (const auto& part : found.parts)
      if (part.type == IFA_ADDRESS)
        ::inet_ntop(found.header.ifa_family, part.payload.data(), text, sizeof text);
    all.push_back(std::string(text) + "/" + std::to_string(found.header.ifa_prefixlen));
  }
  return all;
}

std::string why(const Outcome<>& outcome) { return outcome ? "accepted" : outcome.error().text; }
template <class T>
std::string why(const Outcome<T>& outcome) {
  return outcome ? "accepted" : outcome.error().text;
}

}  // namespace

TEST_CASE("devices: one moves with its permanent global addresses, is renamed and up") {
  OWN_STACK_WITH_PAIR("left", "right");
  const Elsewhere container;
  Links here(route_socket());
  const int index = here.find("left", "x")->index;
  auto labelled = address(AF_INET, "10.1.2.3", 24);
  labelled.label = "left:1";
  REQUIRE(here.add_address(index, labelled, "x"));
  REQUIRE(here.add_address(index, address(AF_INET, "169.254.1.1", 16, RT_SCOPE_LINK), "x"));
  auto passing = address(AF_INET, "10.9.9.9", 24);
  const ifa_cacheinfo hour{3600, 3600, 0, 0};
  passing.parts.push_back(
      {IFA_CACHEINFO,
       {reinterpret_cast<const char*>(&hour), reinterpret_cast<const char*>(&hour) + sizeof hour}});
  REQUIRE(here.add_address(index, passing, "x"));
  const bool ipv6 =
      here.add_address(index, address(AF_INET6, "fd00::7", 64, RT_SCOPE_UNIVERSE, IFA_F_NODAD), "x")
          .has_value();
  {
    auto moved = Devices::move(with_devices({{"left", {"net0"}}}), container.pid);
    INFO(why(moved));
    REQUIRE(moved);
    moved->commit();
  }
  CHECK(here.find("left", "x").error().code == ENODEV);
  auto there = container.links();
  const auto link = there.find("net0", "x");
  REQUIRE(link);
  CHECK(link->flags & IFF_UP);
  auto expected = std::vector<std::string>{"10.1.2.3/24"};
  if (ipv6) expected.emplace_back("fd00::7/64");
  CHECK(texts(there, "net0") == expected);
  CHECK(there.addresses(link->index, "x")->front().label == "net0:1");
}

TEST_CASE("devices: a template gives the first number that is free, an empty name the host's") {
  OWN_STACK_WITH_PAIR("left", "right");
  const Elsewhere container;
  auto moved = Devices::move(with_devices({{"left", {"e%d"}}, {"right", {}}}), container.pid);
  INFO(why(moved));
  REQUIRE(moved);
  moved->commit();
  auto there = container.links();
  CHECK(there.find("e0", "x"));
  CHECK(there.find("right", "x"));
}

TEST_CASE("devices: uncommitted, they come back as they were, the container's end notwithstanding") {
  OWN_STACK_WITH_PAIR("left", "right");
  Links here(route_socket());
  const int index = here.find("left", "x")->index;
  REQUIRE(here.add_address(index, address(AF_INET, "10.1.2.3", 24), "x"));
  REQUIRE(here.add_address(index, address(AF_INET, "169.254.1.1", 16, RT_SCOPE_LINK), "x"));
  REQUIRE(here.set_up(index, "x"));
  const auto before = texts(here, "left");
  REQUIRE(before.size() == 2);
  {
    auto container = std::make_unique<Elsewhere>();
    auto moved = Devices::move(with_devices({{"left", {"net0"}}, {"right", {}}}), container->pid);
    REQUIRE(moved);
    CHECK(here.find("left", "x").error().code == ENODEV);
    container.reset();
  }
  CHECK(texts(here, "left") == before);
  CHECK(here.find("left", "x")->flags & IFF_UP);
  CHECK_FALSE(here.find("right", "x")->flags & IFF_UP);
}

TEST_CASE("devices: all or none: one that cannot have its name takes the others back") {
  OWN_STACK_WITH_PAIR("left", "right");
  const Elsewhere container;
  Links here(route_socket());
  const auto moved = Devices::move(with_devices({{"left", {}}, {"right", {"lo"}}}), container.pid);
  CHECK(why(moved) ==
        "linux.netDevices[\"right\"]: the container's network namespace has a device \"lo\" already: give "
        "another name, or a template such as \"eth%d\"");
  CHECK(here.find("left", "x"));
  CHECK(here.find("right", "x"));
  auto there = container.links();
  CHECK(there.find("left", "x").error().code == ENODEV);
}

TEST_CASE("devices: what is wrong with them shows before anything is made") {
  OWN_STACK_WITH_PAIR("left", "right");
  const Elsewhere container;
  CHECK(why(check_devices({})) == "accepted");
  CHECK(why(check_devices(with_devices({{"left", {}}, {"right", {"x"}}}))) == "accepted");
  CHECK(why(check_devices(with_devices({{"left", {}}, {"nobody", {}}}))) ==
        "linux.netDevices[\"nobody\"]: there is no such network device in lodger's network namespace");
  CHECK(why(check_devices(with_devices({{"lo", {}}})))
            .starts_with("linux.netDevices[\"lo\"]: the kernel keeps"));
  CHECK(why(check_devices(with_devices({{"left", {}}}, container.path()))) == "accepted");
  CHECK(why(check_devices(with_devices({{"left", {"lo"}}}, container.path()))).find("\"lo\" already") !=
        std::string::npos);
  CHECK(why(check_devices(with_devices({{"left", {"lo%d"}}}, container.path()))) == "accepted");
  CHECK(why(check_devices(with_devices({{"left", {}}}, "/nowhere"))).find("/nowhere") != std::string::npos);
}
