#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(std::map<std::string, NetDevice> devices) {
  return check_after([&](Config& c) { c.linux->net_devices = std::move(devices); });
}

TEST_CASE("check netDevices: names and templates") {
  CHECK(with({}) == "accepted");
  CHECK(with({{"eth0", {}}, {"eth1", {"net0"}}, {"wlan0", {"w%d"}}, {"wlan1", {"w%d"}}}) == "accepted");
  CHECK(with({{"eth0", {"eth1"}}, {"eth1", {"eth0"}}}) == "accepted");
  CHECK(with({{"a-name.of_15xxx", {}}}) == "accepted");
  CHECK(with({{"", {}}}) == "linux.netDevices[\"\"]: no name of a network device");
  CHECK(with({{"a/b", {}}}) == "linux.netDevices[\"a/b\"]: no name of a network device");
  CHECK(with({{"sixteen-letters-", {}}}).ends_with(": no name of a network device"));
  for (const char* bad : {".", "..", "a b", "a:b", "sixteen-letters-", "%s", "a%", "%d%d", "eth%d%", "%"}) {
    CAPTURE(bad);
    CHECK(with({{"eth0", {bad}}}).starts_with("linux.netDevices[\"eth0\"].name: \""));
  }
}

TEST_CASE("check netDevices: the loopback device is neither moved nor replaced") {
  CHECK(with({{"lo", {"x"}}}).starts_with("linux.netDevices[\"lo\"]: "));
  CHECK(with({{"eth0", {"lo"}}}).starts_with("linux.netDevices[\"eth0\"].name: "));
}

TEST_CASE("check netDevices: each name in the container once") {
  CHECK(with({{"eth0", {"x"}}, {"eth1", {"x"}}}) ==
        "linux.netDevices[\"eth1\"].name: a second device that is to be \"x\"");
  CHECK(with({{"eth0", {"eth1"}}, {"eth1", {}}}).ends_with("a second device that is to be \"eth1\""));
}

TEST_CASE("check netDevices: not on the host's network") {
  CHECK(check_after([](Config& c) {
          c.linux->net_devices["eth0"];
          std::erase_if(c.linux->namespaces,
                        [](const Namespace& entry) { return entry.type == NamespaceType::network; });
        }).starts_with("linux.netDevices: needs an entry of type \"network\""));
}
