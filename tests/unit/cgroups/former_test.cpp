#include "cgroups/former.hpp"

#include <catch2/catch.hpp>

using namespace lodger::cgroups;

namespace {

Setting setting(std::string file, std::string value) {
  return {file.substr(0, file.find('.')), std::move(file), std::move(value), false, false, {}, {}};
}

}  // namespace

TEST_CASE("what undoes a write: the file's text, where it is one value") {
  CHECK(former_value(setting("memory.max", "4096"), "max") == "max");
  CHECK(former_value(setting("cpu.max", "1000 2000"), "max 100000") == "max 100000");
  CHECK(former_value(setting("cpuset.cpus", "0"), "") == "\n");
  CHECK_FALSE(former_value(setting("memory.strange", "1"), "a 1\nb 2"));
  CHECK(former_value(setting("memory.oom_control", "1"), "oom_kill_disable 0\nunder_oom 0\noom_kill 3") ==
        "0");
}

TEST_CASE("what undoes a write: the line of the device, or none for one that has none") {
  const std::string throttle = "8:0 1000\n8:16 2000";
  CHECK(former_value(setting("blkio.throttle.read_bps_device", "8:16 5"), throttle) == "8:16 2000");
  CHECK(former_value(setting("blkio.throttle.read_bps_device", "8:1 5"), throttle) == "8:1 0");
  CHECK(former_value(setting("io.max", "8:0 rbps=5"), "") == "8:0 rbps=max wbps=max riops=max wiops=max");
  CHECK(former_value(setting("io.max", "8:0 rbps=5"), "8:0 rbps=7 wbps=max") == "8:0 rbps=7 wbps=max");
  CHECK(former_value(setting("io.weight", "default 5"), "default 100\n8:0 50") == "default 100");
  CHECK(former_value(setting("io.weight", "8:1 5"), "default 100\n8:0 50") == "8:1 default");
  CHECK(former_value(setting("blkio.bfq.weight_device", "8:1 5"), "8:0 50") == "8:1 default");
  CHECK(former_value(setting("io.latency", "8:1 target=5"), "8:0 target=50") == "8:1 target=max");
  CHECK(former_value(setting("misc.max", "sev 5"), "sev 9\nsev_es max") == "sev 9");
}

TEST_CASE("what undoes device rules: the list of what is allowed, but nothing for a list of exceptions") {
  const auto settings = former_devices("c 1:3 rwm\nb 8:* r");
  REQUIRE(settings.size() == 3);
  CHECK(settings[0].file == "devices.deny");
  CHECK(settings[1].value == "c 1:3 rwm");
  CHECK(settings[2].file == "devices.allow");
  CHECK(settings[2].value == "b 8:* r");
  CHECK(former_devices("a *:* rwm").empty());
}
