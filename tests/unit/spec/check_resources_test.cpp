#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string with(Resources resources) {
  const std::string alone = verdict(check(resources));
  CHECK(check_after([&](Config& c) { c.linux->resources = resources; }) == alone);
  return alone;
}

TEST_CASE("check resources: device rules") {
  CHECK(with({.devices = {{.access = "rwm"}, {.type = 'c', .major = 1, .minor = 2, .access = "m"}, {}}}) ==
        "accepted");
  CHECK(with({.devices = {{}, {.access = "x"}}}) ==
        "linux.resources.devices[1].access: expected some of \"r\", \"w\" and \"m\", found \"x\"");
  const Resources odd{.devices = {{.access = "rwm"}, {.access = "rwa"}, {}}};
  CHECK(with(odd) == "accepted");
  CHECK(remarks(odd) == std::vector<std::string>{
                            "linux.resources.devices[1].access: \"rwa\": only \"r\", \"w\" and \"m\" count"});
  CHECK(with({.devices = {{.major = -2}}}) ==
        "linux.resources.devices[0]: a device number must not be negative");
  CHECK(with({.devices = {{.minor = -2}}}) ==
        "linux.resources.devices[0]: a device number must not be negative");
}

TEST_CASE("check resources: an idle cgroup's shares are remarked on") {
  CHECK(remarks({.cpu = Cpu{.shares = 200, .idle = 1}}) ==
        std::vector<std::string>{
            "linux.resources.cpu: unable to apply both shares and idle: an idle cgroup has no "
            "shares, so 200 is ignored"});
  for (const Cpu& cpu : {Cpu{.shares = 200, .idle = 0}, Cpu{.shares = 0, .idle = 1}, Cpu{.idle = 1}})
    CHECK(remarks({.cpu = cpu}).empty());
}

TEST_CASE("check resources: limits are amounts, or -1") {
  CHECK(with({.memory = Memory{.limit = -1, .reservation = 0, .swap = 1 << 20}, .pids = Pids{-1}}) ==
        "accepted");
  CHECK(with({.memory = Memory{.limit = -2}}) ==
        "linux.resources.memory.limit: expected a limit, or -1 for none, found -2");
  CHECK(with({.memory = Memory{.reservation = -2}}).starts_with("linux.resources.memory.reservation: "));
  CHECK(with({.memory = Memory{.swap = -2}}).starts_with("linux.resources.memory.swap: "));
  CHECK(with({.memory = Memory{.kernel = -2}}).starts_with("linux.resources.memory.kernel: "));
  CHECK(with({.memory = Memory{.kernel_tcp = -2}}).starts_with("linux.resources.memory.kernelTCP: "));
  CHECK(with({.pids = Pids{-2}}).starts_with("linux.resources.pids.limit: "));
  CHECK(with({.pids = Pids{0}}) == "accepted");
}

TEST_CASE("check resources: ranges of memory and cpu") {
  CHECK(with({.memory = Memory{.swappiness = 100}}) == "accepted");
  CHECK(with({.memory = Memory{.swappiness = 101}}) ==
        "linux.resources.memory.swappiness: expected 0 to 100, found 101");
  CHECK(with({.cpu = Cpu{.quota = 10, .burst = 10, .idle = 1}}) == "accepted");
  CHECK(with({.cpu = Cpu{.quota = -1, .burst = 11}}) == "accepted");
  CHECK(with({.cpu = Cpu{.quota = 0, .burst = 11}}) == "accepted");
  CHECK(with({.cpu = Cpu{.quota = 10, .burst = 11}}) ==
        "linux.resources.cpu.burst: 11 is above the quota of 10");
  CHECK(with({.cpu = Cpu{.idle = 2}}) == "linux.resources.cpu.idle: expected 0 or 1, found 2");
}

TEST_CASE("check resources: unified keys are names of files") {
  CHECK(with({.unified = {{"memory.high", "1"}}}) == "accepted");
  for (const char* bad : {"", ".", "..", "a/b", "/a", "../x"}) {
    CAPTURE(bad);
    CHECK(with({.unified = {{bad, "1"}}}).ends_with(": no name of a file in a cgroup"));
  }
}
