#include "cgroups/systemd/properties.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::cgroups::systemd;

namespace {

constexpr auto infinity = std::numeric_limits<std::uint64_t>::max();

/// "memory.max", "100": as the plans have it.
std::vector<Property> limits(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<Setting> settings;
  for (const auto& [file, value] : files)
    settings.push_back({file.substr(0, file.find('.')), file, value, {}, {}, {}, {}});
  return limits_of(settings, "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  8 sd\n");
}

using Properties = std::vector<Property>;

const Property* find(const Properties& properties, std::string_view name) {
  for (const auto& property : properties)
    if (property.name == name) return &property;
  return nullptr;
}

}  // namespace

TEST_CASE("systemd: the files of cgroup2 that it has a property for") {
  CHECK(limits({{"memory.max", "100"}, {"memory.high", "90"}, {"memory.low", "80"}, {"memory.min", "70"}}) ==
        Properties{{"MemoryMax", number(100)},
                   {"MemoryHigh", number(90)},
                   {"MemoryLow", number(80)},
                   {"MemoryMin", number(70)}});
  CHECK(limits({{"memory.swap.max", "max"}}) == Properties{{"MemorySwapMax", number(infinity)}});
  CHECK(limits({{"pids.max", "max"}}) == Properties{{"TasksMax", number(infinity)}});
  CHECK(limits({{"cpu.weight", "59"}}) == Properties{{"CPUWeight", number(59)}});
  CHECK(limits({{"memory.oom.group", "1"}, {"io.max", "8:0 rbps=1"}, {"hugetlb.2MB.max", "0"}}).empty());
}

TEST_CASE("systemd: the files of cgroup v1 that it has a property for") {
  CHECK(limits({{"memory.limit_in_bytes", "-1"}, {"cpu.shares", "512"}, {"blkio.bfq.weight", "300"}}) ==
        Properties{
            {"MemoryLimit", number(infinity)}, {"CPUShares", number(512)}, {"BlockIOWeight", number(300)}});
  CHECK(limits({{"cpu.cfs_period_us", "50000"}, {"cpu.cfs_quota_us", "25000"}}) ==
        Properties{{"CPUQuotaPeriodUSec", number(50000), 242}, {"CPUQuotaPerSecUSec", number(500000)}});
}

TEST_CASE("systemd: a quota is a share of a second, in whole percents and never too small") {
  const auto share = [](const char* text) {
    const auto properties = limits({{"cpu.max", text}});
    const auto* found = find(properties, "CPUQuotaPerSecUSec");
    return found ? found->value : flag(false);
  };
  CHECK(share("50000 100000") == number(500'000));
  CHECK(share("15001 100000") == number(160'000));
  CHECK(share("200000 100000") == number(2'000'000));
  CHECK(share("max 100000") == number(infinity));
  CHECK(share("1000") == number(10'000));
  CHECK(share("18446744073709551614 1") == number(infinity));
  CHECK(limits({{"cpu.max", "max 20000"}}).front() == Property{"CPUQuotaPeriodUSec", number(20000), 242});
}

TEST_CASE("systemd: processors are bits") {
  CHECK(limits({{"cpuset.cpus", "0,2-3,9"}}) == Properties{{"AllowedCPUs", bytes({0b1101, 0b10}), 244}});
  CHECK(limits({{"cpuset.mems", "0"}}) == Properties{{"AllowedMemoryNodes", bytes({1}), 244}});
  for (const char* none : {"", "\n"})
    CHECK(limits({{"cpuset.cpus", "0-3"}, {"cpuset.cpus", none}}) ==
          Properties{{"AllowedCPUs", bytes({}), 244}});
  for (const char* wrong : {"x", "3-1", "0-99999999"}) CHECK(limits({{"cpuset.cpus", wrong}}).empty());
}

TEST_CASE("systemd: the last word on a file counts, as with the files") {
  CHECK(limits({{"memory.max", "100"}, {"memory.max", "200"}}) == Properties{{"MemoryMax", number(200)}});
  // An idle cgroup is a weight of zero to systemd, since its release 252.
  CHECK(limits({{"cpu.weight", "59"}, {"cpu.idle", "1"}}) == Properties{{"CPUWeight", number(0), 252}});
  CHECK(limits({{"cpu.weight", "59"}, {"cpu.idle", "0"}}) == Properties{{"CPUWeight", number(59)}});
}

TEST_CASE("systemd: a cgroup that is not idle any more has the weight of a new one", "[systemd]") {
  CHECK(limits({{"cpu.idle", "0"}}) == Properties{{"CPUWeight", number(100), 252}});
}

TEST_CASE("systemd: what its properties cannot say is left to the files", "[systemd]") {
  CHECK(limits({{"pids.max", "0"}, {"memory.high", "0"}}).empty());
  CHECK(limits({{"memory.low", "0"}}) == Properties{{"MemoryLow", number(0)}});
  CHECK(limits({{"cpu.shares", "1"}}) == Properties{{"CPUShares", number(2)}});
  CHECK(limits({{"cpu.shares", "999999"}}) == Properties{{"CPUShares", number(262144)}});
}

TEST_CASE("systemd: a driver's name stands for all its majors, and is not used for one of several",
          "[systemd]") {
  const Setting deny{"devices", "devices.deny", "a", {}, {}, {}, {}};
  const Setting disks{"devices", "devices.allow", "b 8:* r", {}, {}, {}, {}};
  CHECK(limits_of({deny, disks}, "Block devices:\n  8 sd\n 65 sd\n") ==
        Properties{{"DevicePolicy", string("strict")}, {"DeviceAllow", array("(ss)", {})}});
}

TEST_CASE("systemd: block IO has one weight for all devices") {
  const Setting bfq{"io", "io.bfq.weight", "default 100", false, false, "io.weight", "default 910"};
  const Setting device{"io", "io.bfq.weight", "8:0 100", false, false, "io.weight", "8:0 910"};
  CHECK(limits_of({bfq, device}) == Properties{{"IOWeight", number(910)}});
}

TEST_CASE("systemd: v1's device rules in its own words") {
  CHECK(limits({{"devices.deny", "a"},
                {"devices.allow", "c 1:3 rwm"},
                {"devices.allow", "c *:* m"},
                {"devices.allow", "b *:* m"},
                {"devices.allow", "c 136:* rw"},
                {"devices.allow", "b 8:* r"},
                {"devices.allow", "c 99:* r"},
                {"devices.allow", "c *:7 r"}}) ==
        Properties{{"DevicePolicy", string("strict")},
                   {"DeviceAllow", array("(ss)", {})},
                   {"DeviceAllow", array("(ss)", {structure({string("/dev/char/1:3"), string("rwm")}),
                                                  structure({string("char-*"), string("m")}),
                                                  structure({string("block-*"), string("m")}),
                                                  structure({string("char-pts"), string("rw")}),
                                                  structure({string("block-sd"), string("r")})})}});
  CHECK(limits({{"devices.allow", "a"}, {"devices.deny", "c 1:3 rwm"}}) ==
        Properties{{"DevicePolicy", string("auto")}, {"DeviceAllow", array("(ss)", {})}});
}

TEST_CASE("systemd: a scope is delegated, accounted for, and of one process") {
  Unit unit{"lodger-c1.scope", "a.slice", "for people", "", false, {{"CollectMode", string("inactive")}}};
  const auto properties = scope_of(unit, 42, {{"MemoryMax", number(100)}});
  const auto value = [&](std::string_view name) {
    const auto* found = find(properties, name);
    return found ? found->value : string("none");
  };
  CHECK(value("Slice") == string("a.slice"));
  CHECK(value("Description") == string("for people"));
  CHECK(value("Delegate") == flag(true));
  CHECK(value("PIDs") == array("u", {{"u", "42", {}}}));
  CHECK(value("MemoryMax") == number(100));
  CHECK(value("DefaultDependencies") == flag(false));
  CHECK(value("CollectMode") == string("inactive"));  // the annotation's
  CHECK(std::ranges::count(properties, "CollectMode", &Property::name) == 1);
}
