#include "cgroups/devices.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cgroups/settings.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

constexpr unsigned m = BPF_DEVCG_ACC_MKNOD, r = BPF_DEVCG_ACC_READ, w = BPF_DEVCG_ACC_WRITE;

Lines writes(const std::vector<DeviceMatch>& rules) {
  const auto settings = device_settings(rules);
  if (!settings) FAIL(settings.error().text);
  return lines_of(*settings);
}

}  // namespace

TEST_CASE("no rules stay no rules") {
  CHECK(device_rules({})->empty());
  CHECK(device_settings({})->empty());
}

TEST_CASE("a container's own devices come behind the configuration's rules") {
  const auto rules = device_rules({{false, 'a', {}, {}, ""}});
  REQUIRE(rules);
  REQUIRE(rules->size() == 11);
  CHECK(is_total(rules->front()));
  CHECK(writes(*rules) == Lines{"devices.deny=a", "devices.allow=c *:* m", "devices.allow=b *:* m",
                                "devices.allow=c 1:3 rwm", "devices.allow=c 1:5 rwm",
                                "devices.allow=c 1:7 rwm", "devices.allow=c 1:8 rwm",
                                "devices.allow=c 1:9 rwm", "devices.allow=c 5:0 rwm",
                                "devices.allow=c 5:2 rwm", "devices.allow=c 136:* rwm"});
}

TEST_CASE("rules are read as config-linux.md has them") {
  const auto rules = device_rules({{true, 'c', -1, {}, "mr"}, {false, 'b', 8, 0, "w"}});
  REQUIRE(rules);
  CHECK((*rules)[0].major == -1);
  CHECK((*rules)[0].minor == -1);
  CHECK((*rules)[0].access == (m | r));
  CHECK((*rules)[1].type == 'b');
  CHECK((*rules)[1].access == w);
  CHECK(device_rules({{true, 'c', 1, 3, "rwa"}})->front().access == (r | w));
}

TEST_CASE("wrong rules are refused with their place") {
  CHECK(refusal(device_rules({{true, 'c', 1, 3, "x"}})) ==
        "linux.resources.devices[0].access: \"x\": holds neither r nor w nor m");
  CHECK(refusal(device_rules({{true, 'c', 1, 3, "r"}, {true, 'u', 1, 3, "r"}})) ==
        "linux.resources.devices[1].type: \"u\": must be a, b or c");
  CHECK(refusal(device_rules({{true, 'c', -2, 3, "r"}})) ==
        "linux.resources.devices[0].major: -2: not a device number");
  CHECK(refusal(device_rules({{true, 'c', 1, std::int64_t{1} << 31, "r"}}))
            .starts_with("linux.resources.devices[0].minor: "));
}

TEST_CASE("v1: without a rule for everything the default is to deny") {
  CHECK(writes({{true, 'c', 10, 200, r | w}}) == Lines{"devices.deny=a", "devices.allow=c 10:200 rw"});
}

TEST_CASE("v1: allowing everything is one write, and what is denied then an exception") {
  const DeviceMatch all{true, 'a', -1, -1, all_access};
  CHECK(writes({{false, 'c', 1, 3, r}, all}) == Lines{"devices.allow=a"});
  CHECK(writes({all, {false, 'b', 8, -1, all_access}, {true, 'c', 1, 3, r}}) ==
        Lines{"devices.allow=a", "devices.deny=b 8:* rwm"});
}

TEST_CASE("v1: rules for the same devices become one write") {
  CHECK(writes({{true, 'c', 1, 3, r}, {true, 'c', 1, 3, w}, {true, 'c', 1, 3, m}, {false, 'c', 1, 3, w}}) ==
        Lines{"devices.deny=a", "devices.allow=c 1:3 rm"});
  CHECK(writes({{true, 'c', 1, 3, r},
                {true, 'c', 1, 5, r},
                {true, 'b', 1, 3, r},
                {false, 'c', 1, -1, all_access}}) == Lines{"devices.deny=a", "devices.allow=b 1:3 r"});
}

TEST_CASE(
    "v1: both types with numbers or part of the access are two writes, for the kernel takes them for all") {
  CHECK(writes({{true, 'a', 1, 3, all_access}, {true, 'a', -1, -1, m}}) ==
        Lines{"devices.deny=a", "devices.allow=b 1:3 rwm", "devices.allow=c 1:3 rwm", "devices.allow=b *:* m",
              "devices.allow=c *:* m"});
}

TEST_CASE("v1: an exception from an exception is refused, not lost") {
  CHECK(refusal(device_settings({{true, 'c', 10, -1, r | w}, {false, 'c', 10, 200, w}})) ==
        "linux.resources.devices: cgroup v1 cannot deny \"c 10:200 w\" out of \"c 10:* rw\": name the "
        "devices singly");
  const DeviceMatch all{true, 'a', -1, -1, all_access};
  CHECK(refusal(device_settings({all, {false, 'c', 10, -1, r}, {true, 'c', 10, 200, r}}))
            .find("cannot allow") != std::string::npos);
  // of another access, type or number there is nothing to take away
  CHECK(device_settings(
      {{true, 'c', 10, -1, r}, {false, 'c', 10, 200, w}, {false, 'b', 10, 200, r}, {false, 'c', 11, 2, r}}));
}

TEST_CASE("v1: of an update what differs is written, first what goes") {
  const auto changes = [](std::string_view list, const std::vector<DeviceMatch>& rules) {
    Lines lines;
    for (const auto& s : device_changes(list, *device_settings(rules)))
      lines.push_back(s.file + "=" + s.value);
    return lines;
  };
  const std::vector<DeviceMatch> rules = {{true, 'c', 1, 3, r | w}, {true, 'b', 8, -1, r}};
  CHECK(changes("c 1:3 rw\nb 8:* r", rules).empty());
  CHECK(changes("b 8:* rwm\nc 1:3 r\nc 1:5 m", rules) ==
        Lines{"devices.deny=b 8:* wm", "devices.deny=c 1:5 m", "devices.allow=c 1:3 w"});
  // From or to a list of exceptions there is no such way.
  CHECK(changes("a *:* rwm", rules) == writes(rules));
  CHECK(changes("c 1:3 rw", {{true, 'a', -1, -1, all_access}}) == Lines{"devices.allow=a"});
}
