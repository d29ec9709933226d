// config-linux.md, "Block IO": that weights are felt, on a disk of the test's own.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>

#include "support/block_io.hpp"
#include "support/needs.hpp"

using namespace lodger::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Makes BFQ abide by weights. On its own it does so only for a queue that always has a request waiting: in
/// any pause of one it lets others in, up to what the disk takes at a time, and a slow machine is all pauses.
/// So it is told to serve one request at a time and to wait for the next
/// (Documentation/block/bfq-iosched.rst, strict_guarantees), and what is read at once is cut into many
/// requests, which leaves few pauses.
bool divisible(const LoopDisk& disk) {
  return disk.schedule_by("bfq") && disk.set("iosched/strict_guarantees", "1") &&
         disk.set("iosched/slice_idle", "1000") && disk.set("max_sectors_kb", "64");
}

/// Reads without end, 64 requests at once: two readers are far from the 256 that a loop device queues, where
/// they would wait for each other.
Running reading(Container& container) {
  return container.begin({"exec", container.id(), "/bin/busybox", "dd", "if=/dev/disk", "of=/dev/null",
                          "iflag=direct", "bs=4194304"});
}

/// What the kernel counts as read of the disk.
std::uint64_t bytes_read(const Bundle& bundle, const LoopDisk& disk) {
  const std::string begin = disk.numbers() + (v2() ? " rbytes=" : " Read ");
  const char* file = v2() ? "/io.stat" : "/blkio.bfq.io_service_bytes";
  for (const auto& line : support::lines(read_file(block_io_folder(bundle) + file)))
    if (line.starts_with(begin)) return std::stoull(line.substr(begin.size()));
  return 0;
}

/// What two containers read from its making on.
struct Window {
  const Bundle &more, &less;
  const LoopDisk& disk;
  std::uint64_t more_before = bytes_read(more, disk), less_before = bytes_read(less, disk);
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::uint64_t by_more = 0, by_less = 0;

  /// BFQ takes turns of an eighth of a second or 8 MiB: over 16 of them readers of one weight are much alike.
  bool wide_enough() {
    by_more = bytes_read(more, disk) - more_before;
    by_less = bytes_read(less, disk) - less_before;
    return by_more + by_less >= 128 << 20 && std::chrono::steady_clock::now() - begin >= 2s;
  }
};

/// Empty where a time comes in which `more` reads over three times as much as `less`; else the MiB of both,
/// time by time. One such time is enough, since in another one of them may have had no processor.
std::string why_not_ahead(const Bundle& more, const Bundle& less, const LoopDisk& disk) {
  std::string seen = "MiB of both:";
  for (int attempt = 0; attempt < 12; ++attempt) {
    Window window{more, less, disk};
    const bool wide = eventually([&] { return window.wide_enough(); }, 60s);
    if (wide && window.by_more > 3 * window.by_less) return "";
    seen += " " + std::to_string(window.by_more >> 20) + ":" + std::to_string(window.by_less >> 20);
  }
  return seen;
}

/// A weight as a container's configuration has it and as the kernel's file has it: for all disks, or for one.
struct Weight {
  const LoopDisk& disk;
  bool one_disk;

  json block_io(int weight) const {
    if (!one_disk) return {{"weight", weight}};
    return {{"weightDevice", {{{"major", disk.major()}, {"minor", disk.minor()}, {"weight", weight}}}}};
  }
  std::string file(const Bundle& bundle) const {
    const char* v1_file = one_disk ? "/blkio.bfq.weight_device" : "/blkio.bfq.weight";
    return block_io_folder(bundle) + (v2() ? "/io.bfq.weight" : v1_file);
  }
  void write_by_hand(const Bundle& bundle, int weight) const {
    std::ofstream(file(bundle)) << (one_disk ? disk.numbers() + " " : "") << weight;
  }
};

}  // namespace

TEST_CASE("io limits: weights divide a disk that is scheduled by BFQ", "[io_weights]") {
  NEEDS_ROOT();
  NEEDS(has_block_io(), "no controller of block I/O");
  const LoopDisk disk(1 << 20);  // reading a terabyte that nobody wrote takes no memory, and does not end
  NEEDS(disk.present(), "no loop device to be had");
  NEEDS(divisible(disk), "the kernel has no BFQ scheduler");
  const Weight weight{disk, GENERATE(false, true)};
  Started light("hold", with(disk, weight.block_io(10))), heavy("hold", with(disk, weight.block_io(1000)));
  CHECK_THAT(read_file(weight.file(light.bundle)), Catch::EndsWith("10\n"));
  CHECK_THAT(read_file(weight.file(heavy.bundle)), Catch::EndsWith("1000\n"));
  const auto a = reading(light.container), b = reading(heavy.container);
  REQUIRE(eventually([&] { return bytes_read(light.bundle, disk) > 0 && bytes_read(heavy.bundle, disk) > 0; },
                     20s));

  const std::string made = why_not_ahead(heavy.bundle, light.bundle, disk);
  // The control, the same two the other way around by hand: a kernel that does not heed its own files cannot
  // judge.
  weight.write_by_hand(light.bundle, 1000);
  weight.write_by_hand(heavy.bundle, 10);
  NEEDS(why_not_ahead(light.bundle, heavy.bundle, disk) == "",
        "this kernel does not divide a disk by BFQ's weights");
  CHECK(made == "");
  REQUIRE(update(light.container, {{"blockIO", weight.block_io(10)}}).status == 0);
  REQUIRE(update(heavy.container, {{"blockIO", weight.block_io(1000)}}).status == 0);
  CHECK(why_not_ahead(heavy.bundle, light.bundle, disk) == "");
}
