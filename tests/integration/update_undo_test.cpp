// update: one that fails half-way leaves all kinds of limits as they were.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "support/cgroups.hpp"
#include "support/container.hpp"
#include "support/loop_disk.hpp"
#include "support/needs.hpp"
#include "tests/support/text.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Files that an update may write, by their controllers. Those that a machine lacks have no text.
struct Files {
  const char *v1, *v2;
  std::vector<const char*> v1_files, v2_files;
};
const Files kinds[] = {
    {"memory",
     "memory",
     {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes",
      "memory.swappiness", "memory.oom_control"},
     {"memory.max", "memory.swap.max", "memory.low"}},
    {"cpu",
     "cpu",
     {"cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.idle"},
     {"cpu.weight", "cpu.max", "cpu.max.burst", "cpu.idle"}},
    {"cpuset", "cpuset", {"cpuset.cpus", "cpuset.mems"}, {"cpuset.cpus.effective", "cpuset.mems.effective"}},
    {"pids", "pids", {"pids.max"}, {"pids.max"}},
    {"net_cls", "", {"net_cls.classid"}, {}},
    {"blkio",
     "io",
     {"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device", "blkio.throttle.read_iops_device",
      "blkio.throttle.write_iops_device"},
     {"io.max"}},
    {"hugetlb",
     "hugetlb",
     {"hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.rsvd.limit_in_bytes"},
     {"hugetlb.2MB.max", "hugetlb.2MB.rsvd.max"}},
    {"devices", "", {"devices.list"}, {}},
};

/// The lines of a file, in an order that does not tell when each came.
std::vector<std::string> sorted_lines(const std::string& file) {
  auto all = support::lines(read_file(file));
  // No limit, which hugetlb rounds down to whole huge pages when it is written.
  for (auto& line : all)
    if (line.starts_with("92233720368")) line = "unlimited";
  std::ranges::sort(all);
  return all;
}

/// What memory.oom_control has beside its switch.
bool is_counter(const std::string& line) {
  return line.starts_with("under_oom") || line.starts_with("oom_kill ");
}

/// Every limit of the container: "pids.max: 7".
std::vector<std::string> limits_of(const Bundle& bundle) {
  std::vector<std::string> all;
  for (const auto& kind : kinds) {
    const std::string at = folder(bundle, v2() ? kind.v2 : kind.v1);
    if (at.empty()) continue;
    for (const char* file : v2() ? kind.v2_files : kind.v1_files)
      for (const auto& line : sorted_lines(at + "/" + file))
        if (!is_counter(line)) all.push_back(std::string(file) + ": " + line);
  }
  return all;
}

bool has(const Bundle& bundle, const char* controller) { return !folder(bundle, controller).empty(); }

/// What a machine with every controller would be asked, less what this one has not.
json asked(const Bundle& bundle, const LoopDisk& disk, long n) {
  json all = {{"pids", {{"limit", 30 * n}}},
              {"memory", {{"limit", n << 26}, {"reservation", n << 24}}},
              {"cpu", {{"shares", 200 * n}, {"quota", 20000 * n}, {"period", 100000}, {"burst", 1000 * n}}}};
  if (has(bundle, "cpuset")) all["cpu"]["cpus"] = "0";
  if (!v2()) all["memory"]["swappiness"] = 10 * n;
  if (has(bundle, "hugetlb")) all["hugepageLimits"] = {{{"pageSize", "2MB"}, {"limit", n << 22}}};
  if (!v2() && has(bundle, "net_cls")) all["network"] = {{"classID", n}};
  if (disk.present() && has(bundle, v2() ? "io" : "blkio"))
    for (const char* kind : {"throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice",
                             "throttleWriteIOPSDevice"})
      all["blockIO"][kind] = {{{"major", disk.major()}, {"minor", disk.minor()}, {"rate", n << 20}}};
  return all;
}

/// Refused by the kernel, and only after all the others were written.
json impossible(json resources) {
  resources["rdma"] = {{"lodger-none0", {{"hcaHandles", 3}}}};
  return resources;
}

}  // namespace

TEST_CASE("update undo: all limits are what they were, those that were set and those that were not",
          "[update_undo]") {
  NEEDS_ROOT();
  const LoopDisk disk(4);
  Started it("hold");
  const auto fails = [&](long n) {
    const auto before = limits_of(it.bundle);
    const auto done = update(it.container, impossible(asked(it.bundle, disk, n)));
    INFO(done.err);
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains("rdma.max"));
    CHECK(limits_of(it.bundle) == before);
  };
  const auto fresh = limits_of(it.bundle);
  fails(1);
  REQUIRE(update(it.container, asked(it.bundle, disk, 2)).status == 0);
  const auto limited = limits_of(it.bundle);
  CHECK(limited != fresh);
  fails(1);
  fails(3);
  CHECK(limits_of(it.bundle) == limited);
}

TEST_CASE("update undo: an idle cgroup stays idle, one that was not has its weight", "[update_undo]") {
  NEEDS_ROOT();
  Started it("hold", [](json& config) { resources(config)["cpu"] = {{"shares", 512}}; });
  const std::string at = folder(it.bundle, "cpu");
  NEEDS(!at.empty() && access((at + "/cpu.idle").c_str(), F_OK) == 0, "no cpu.idle before Linux 5.15");
  const auto normal = limits_of(it.bundle);
  CHECK(update(it.container, impossible({{"cpu", {{"idle", 1}}}})).status == 1);
  CHECK(limits_of(it.bundle) == normal);
  REQUIRE(update(it.container, {{"cpu", {{"idle", 1}}}}).status == 0);
  const auto idle = limits_of(it.bundle);
  CHECK(update(it.container, impossible({{"cpu", {{"idle", 0}, {"shares", 256}}}})).status == 1);
  CHECK(limits_of(it.bundle) == idle);
}

TEST_CASE("update undo: device rules that v1 takes only in part", "[update_undo]") {
  NEEDS_ROOT();
  NEEDS(!v2(), "cgroup2 replaces device rules as a whole");
  const Bundle bundle("hold", [](json& config) {
    std::string path = config["linux"]["cgroupsPath"];
    config["linux"]["cgroupsPath"] = path + "/below";
    resources(config)["devices"].push_back(
        {{"allow", true}, {"type", "c"}, {"major", 240}, {"minor", 7}, {"access", "r"}});
  });
  // A parent that has not got every device itself.
  const std::string parent = folder(bundle, "devices");
  NEEDS(!parent.empty(), "no devices controller");
  {
    Container container(bundle);
    container.create();
    container.start();
    const std::string list = parent + "/below/devices.list";
    const auto before = sorted_lines(list);
    CHECK_THAT(before, Catch::VectorContains(std::string("c 240:7 r")));
    write_file(parent + "/devices.deny", "c 240:9 rw");
    const json rules = {{{"allow", false}, {"access", "rwm"}},
                        {{"allow", true}, {"type", "c"}, {"major", 240}, {"minor", 8}, {"access", "r"}},
                        {{"allow", true}, {"type", "c"}, {"major", 240}, {"minor", 9}, {"access", "rw"}}};
    const auto done = update(container, {{"devices", rules}, {"pids", {{"limit", 33}}}});
    INFO(done.err);
    CHECK(done.status == 1);
    CHECK_THAT(done.err, Catch::Contains("the parent cgroup has not got this device itself"));
    CHECK(sorted_lines(list) == before);
    CHECK(value(folder(bundle, "pids") + "/below", "pids.max", "") == "max");
    container.remove();
  }
}
