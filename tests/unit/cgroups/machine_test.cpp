#include "cgroups/machine.hpp"

#include "tests/unit/cgroups/scratch.hpp"
#include "tests/unit/cgroups/settings.hpp"

using namespace lodger;
using namespace lodger::cgroups;
using namespace lodger::tests;

namespace {

/// A sysfs with a disk 8:0, its partition 8:1, and huge pages of two sizes.
struct Machine : Scratch {
  Machine() {
    folder("dev/block/8:0");
    folder("dev/block/8:1");
    file("dev/block/8:1/partition", "1");
    folder("kernel/mm/hugepages/hugepages-1048576kB");
    folder("kernel/mm/hugepages/hugepages-2048kB");
    folder("kernel/mm/hugepages/hugepages-64kB");
  }
  std::string verdict(const spec::Resources& resources) const {
    const auto checked = check_machine(resources, path);
    return checked ? "good" : checked.error().text;
  }
};

spec::Resources throttled(std::int64_t major, std::int64_t minor) {
  spec::Resources r;
  r.block_io.emplace().throttle_write_iops_device = {{8, 0, 1}, {major, minor, 1}};
  return r;
}

spec::Resources pages(const char* size) {
  spec::Resources r;
  r.hugepage_limits = {{size, 1}};
  return r;
}

}  // namespace

TEST_CASE("a block device has to be there, and a whole disk") {
  const Machine machine;
  CHECK(machine.verdict(throttled(8, 0)) == "good");
  CHECK(
      machine.verdict(throttled(8, 1)) ==
      "linux.resources.blockIO.throttleWriteIOPSDevice[1]: device 8:1 is a partition, and the kernel limits "
      "whole disks: name the disk instead");
  CHECK(machine.verdict(throttled(9, 9))
            .starts_with("linux.resources.blockIO.throttleWriteIOPSDevice[1]: device 9:9: there is no such "
                         "block device"));
  for (auto list : {&spec::BlockIo::throttle_read_bps_device, &spec::BlockIo::throttle_write_bps_device,
                    &spec::BlockIo::throttle_read_iops_device}) {
    spec::Resources r;
    r.block_io.emplace().*list = {{9, 9, 1}};
    CHECK(machine.verdict(r).find("[0]: device 9:9: ") != std::string::npos);
  }
  spec::Resources r;
  r.block_io.emplace().weight_device = {{9, 9, 1, {}}};
  CHECK(machine.verdict(r).starts_with("linux.resources.blockIO.weightDevice[0]: device 9:9: "));
}

TEST_CASE("a size of huge page has to be one of the machine's, in the kernel's words") {
  const Machine machine;
  for (const char* size : {"2MB", "1GB", "64KB"}) CHECK(machine.verdict(pages(size)) == "good");
  CHECK(machine.verdict(pages("3MB")) ==
        "linux.resources.hugepageLimits[0].pageSize: this machine has no huge pages of 3MB (there are: 64KB, "
        "2MB, 1GB)");
  CHECK(machine.verdict(pages("2048KB")).find("no huge pages of 2048KB") != std::string::npos);
  const Scratch bare;
  bare.folder("kernel");
  const auto checked = check_machine(pages("2MB"), bare.path);
  CHECK(refusal(checked).ends_with("no huge pages of 2MB (there are: none)"));
}

TEST_CASE("without a sysfs the kernel has the word") {
  const Scratch empty;
  CHECK(check_machine(throttled(9, 9), empty.path));
  CHECK(check_machine(pages("3MB"), empty.path));
  CHECK(check_machine({}, empty.path));
}
