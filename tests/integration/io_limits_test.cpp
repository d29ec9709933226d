// config-linux.md, "Block IO": that throttles are felt, on a disk of the test's own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/block_io.hpp"
#include "support/cgroups.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

json rate(const LoopDisk& disk, const char* throttle, long value) {
  return {{throttle, {{{"major", disk.major()}, {"minor", disk.minor()}, {"rate", value}}}}};
}

/// Seconds for so many blocks of 16 KiB, past the page cache.
double seconds(Container& container, bool writing, int blocks) {
  const std::string count = "count=" + std::to_string(blocks);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::string> dd = {"exec", container.id(), "/bin/busybox", "dd"};
  if (writing)
    dd.insert(dd.end(), {"if=/dev/zero", "of=/dev/disk", "oflag=direct", "bs=16384", count});
  else
    dd.insert(dd.end(), {"if=/dev/disk", "of=/dev/null", "iflag=direct", "bs=16384", count});
  const Finished done = container.call(dd);
  INFO(done.err);
  REQUIRE(done.status == 0);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Whether 64 blocks can take less than so many seconds: in one of several times, since in another one it may
/// have been the processor that was waited for.
bool quick(Container& container, bool writing, double limit) {
  return eventually([&] { return seconds(container, writing, 64) < limit; }, std::chrono::seconds(30));
}

struct Throttle {
  const char* property;
  bool writes;
  long rate;  // such that 64 blocks of 16 KiB take two seconds
};

}  // namespace

TEST_CASE("io limits: each throttle slows what it is for, and nothing else", "[io_limits]") {
  NEEDS_ROOT();
  NEEDS(has_block_io(), "no controller of block I/O");
  const LoopDisk disk(4);
  NEEDS(disk.present(), "no loop device to be had");
  const auto throttle = GENERATE(values<Throttle>({{"throttleWriteBpsDevice", true, 512 << 10},
                                                   {"throttleReadBpsDevice", false, 512 << 10},
                                                   {"throttleWriteIOPSDevice", true, 32},
                                                   {"throttleReadIOPSDevice", false, 32}}));
  INFO(throttle.property);
  Started it("hold", with(disk, rate(disk, throttle.property, throttle.rate)));
  const double slow = seconds(it.container, throttle.writes, 64);
  CHECK(slow > 1.5);
  CHECK(quick(it.container, !throttle.writes, 1.5));
  REQUIRE(update(it.container, {{"blockIO", rate(disk, throttle.property, 0)}}).status == 0);
  CHECK(quick(it.container, throttle.writes, 1.5));
}

TEST_CASE("io limits: update brings a throttle, and events counts what was written", "[io_limits]") {
  NEEDS_ROOT();
  NEEDS(has_block_io(), "no controller of block I/O");
  const LoopDisk disk(4);
  NEEDS(disk.present(), "no loop device to be had");
  Started it("hold", with(disk));
  CHECK(quick(it.container, true, 1.5));
  REQUIRE(update(it.container, {{"blockIO", rate(disk, "throttleWriteBpsDevice", 512 << 10)}}).status == 0);
  CHECK(seconds(it.container, true, 64) > 1.5);
  std::uint64_t written = 0;
  const json block_io = statistics(it.container)["blkio"];
  for (const auto& entry : block_io.value("ioServiceBytesRecursive", json::array()))
    if (entry.value("op", "") == "Write" && entry.value("major", 0U) == disk.major() &&
        entry.value("minor", 0U) == disk.minor())
      written = entry["value"];
  INFO(block_io.dump());
  CHECK(written >= 1 << 20);  // v1 counts from the first throttle on
}
