// config-linux.md, "Block IO": that throttles and weights are felt, on a disk of the test's own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/loop_disk.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

const char* controller() { return v2() ? "io" : "blkio"; }
bool has_io() { return !folder(Bundle("hold", {}), controller()).empty(); }

json rate(const LoopDisk& disk, const char* throttle, long value) {
  return {{throttle, {{{"major", disk.major()}, {"minor", disk.minor()}, {"rate", value}}}}};
}

/// A container that has the disk as /dev/disk.
Edit with(const LoopDisk& disk, const json& block_io = {}) {
  return [=, major = disk.major(), minor = disk.minor()](json& config) {
    config["linux"]["devices"] = {{{"type", "b"}, {"path", "/dev/disk"}, {"major", major}, {"minor", minor}}};
    resources(config)["devices"].push_back(
        {{"allow", true}, {"type", "b"}, {"major", major}, {"minor", minor}, {"access", "rw"}});
    if (!block_io.is_null()) resources(config)["blockIO"] = block_io;
  };
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

struct Throttle {
  const char* property;
  bool writes;
  long rate;  // such that 64 blocks of 16 KiB take two seconds
};

}  // namespace

TEST_CASE("io limits: each throttle slows what it is for, and nothing else", "[io_limits]") {
  NEEDS_ROOT();
  NEEDS(has_io(), "no controller of block I/O");
  const LoopDisk disk(4);
  NEEDS(disk.present(), "no loop device to be had");
  const auto throttle = GENERATE(values<Throttle>({{"throttleWriteBpsDevice", true, 512 << 10},
                                                   {"throttleReadBpsDevice", false, 512 << 10},
                                                   {"throttleWriteIOPSDevice", true, 32},
                                                   {"throttleReadIOPSDevice", false, 32}}));
  INFO(throttle.property);
  Started it("hold", with(disk, rate(disk, throttle.property, throttle.rate)));
  const double slow = seconds(it.container, throttle.writes, 64);
  const double other = seconds(it.container, !throttle.writes, 64);
  INFO("throttled: " << slow << " s, the other direction: " << other << " s");
  CHECK(slow > 1.5);
  CHECK(other < slow / 2);
  REQUIRE(update(it.container, {{"blockIO", rate(disk, throttle.property, 0)}}).status == 0);
  CHECK(seconds(it.container, throttle.writes, 64) < slow / 2);
}

TEST_CASE("io limits: update brings a throttle, and events counts what was written", "[io_limits]") {
  NEEDS_ROOT();
  NEEDS(has_io(), "no controller of block I/O");
  const LoopDisk disk(4);
  NEEDS(disk.present(), "no loop device to be had");
  Started it("hold", with(disk));
  const double free = seconds(it.container, true, 64);
  REQUIRE(update(it.container, {{"blockIO", rate(disk, "throttleWriteBpsDevice", 512 << 10)}}).status == 0);
  CHECK(seconds(it.container, true, 64) > free + 1);
  std::uint64_t written = 0;
  const json block_io = statistics(it.container)["blkio"];
  for (const auto& entry : block_io.value("ioServiceBytesRecursive", json::array()))
    if (entry.value("op", "") == "Write" && entry.value("major", 0U) == disk.major() &&
        entry.value("minor", 0U) == disk.minor())
      written = entry["value"];
  INFO(block_io.dump());
  CHECK(written >= 1 << 20);  // v1 counts from the first throttle on
}

TEST_CASE("io limits: weights divide a disk that is scheduled by BFQ", "[io_limits]") {
  NEEDS_ROOT();
  NEEDS(has_io(), "no controller of block I/O");
  const LoopDisk disk(64);
  NEEDS(disk.present(), "no loop device to be had");
  NEEDS(disk.schedule_by("bfq"), "the kernel has no BFQ scheduler");
  const auto weighted = [&](int weight) { return with(disk, {{"weight", weight}}); };
  Started light("hold", weighted(10)), heavy("hold", weighted(1000));
  CHECK_THAT(value(folder(light.bundle, controller()), "blkio.bfq.weight", "io.bfq.weight"),
             Catch::Contains("10"));
  // Several at a time: BFQ lets a queue wait for its next request only while both groups have some, and one
  // writer alone has none between two of its writes, so that the two would merely take turns
  // (bfq_asymmetric_scenario() of the kernel).
  const auto writing = [](Container& container) {
    return container.begin({"exec", container.id(), "/bin/sh", "-c",
                            "work() { while :; do /bin/busybox dd if=/dev/zero of=/dev/disk oflag=direct "
                            "bs=65536 count=64 2>/dev/null; echo x; done; }; "
                            "work & work & work & work & wait"});
  };
  auto a = writing(light.container), b = writing(heavy.container);
  CHECK(eventually([&] { return a.out().size() + b.out().size() >= 200; }, std::chrono::seconds(15)));
  INFO("rounds of the light one: " << a.out().size() / 2 << ", of the heavy one: " << b.out().size() / 2);
  CHECK(4 * b.out().size() > 5 * a.out().size());  // without weights they are alike
}
