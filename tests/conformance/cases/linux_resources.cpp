// config-linux.md, "Memory" to "Network": what stands in the files of the container's cgroup, on v1 and v2.
#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/cgroup.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// A file of a controller, and the line that it has to have; "other than X" where the specification leaves
/// open how a value is converted. `before`: what the caller wrote there earlier, into a cgroup of its own.
struct File {
  std::string_view controller, name, value, before{};
};
struct Limit {
  std::string_view name, section, text, resources;
  File v1, v2;
};

constexpr std::string_view limit_text = "`limit` (int64, OPTIONAL) - sets limit of memory usage";
constexpr std::string_view unlimited_text =
    "Values for memory specify the limit in bytes, or `-1` for unlimited memory.";
constexpr std::string_view swap_text = "`swap` (int64, OPTIONAL) - sets limit of memory+Swap usage";
constexpr std::string_view throughput_text =
    "`throttleReadBpsDevice`, `throttleWriteBpsDevice` (array of objects, OPTIONAL) - an array of per-device "
    "bandwidth rate limits.";
constexpr std::string_view operations_text =
    "`throttleReadIOPSDevice`, `throttleWriteIOPSDevice` (array of objects, OPTIONAL) - an array of "
    "per-device "
    "IO rate limits.";
constexpr std::string_view cpu_period_text =
    "`period` (uint64, OPTIONAL) - specifies a period of time in microseconds for how regularly a cgroup's "
    "access to CPU resources should be reallocated (CFS scheduler only)";
constexpr std::string_view pids_text =
    "`limit` (int64, OPTIONAL) - specifies the maximum number of tasks in the cgroup, with `-1` indicating "
    "no "
    "limit (`max`).";

/// The kernel rounds "no limit" down to whole pages: page_counter.h, PAGE_COUNTER_MAX.
constexpr std::string_view v1_unlimited = "9223372036854771712";

constexpr std::array limits = {
    Limit{"memory.limit",
          "Memory",
          limit_text,
          R"({"memory": {"limit": 33554432}})",
          {"memory", "memory.limit_in_bytes", "33554432"},
          {"memory", "memory.max", "33554432"}},
    Limit{"memory.limit-unlimited",
          "Memory",
          unlimited_text,
          R"({"memory": {"limit": -1}})",
          {"memory", "memory.limit_in_bytes", v1_unlimited, "33554432"},
          {"memory", "memory.max", "max", "33554432"}},
    Limit{"memory.reservation",
          "Memory",
          "`reservation` (int64, OPTIONAL) - sets soft limit of memory usage",
          R"({"memory": {"reservation": 16777216}})",
          {"memory", "memory.soft_limit_in_bytes", "16777216"},
          {"memory", "memory.low", "16777216"}},
    Limit{"memory.swap",
          "Memory",
          swap_text,
          R"({"memory": {"limit": 33554432, "swap": 67108864}})",
          {"memory", "memory.memsw.limit_in_bytes", "67108864"},
          {"memory", "memory.swap.max", "33554432"}},
    Limit{"memory.swap-none",
          "Memory",
          swap_text,
          R"({"memory": {"limit": 33554432, "swap": 33554432}})",
          {"memory", "memory.memsw.limit_in_bytes", "33554432"},
          {"memory", "memory.swap.max", "0"}},
    Limit{"memory.swap-unlimited",
          "Memory",
          unlimited_text,
          R"({"memory": {"limit": 33554432, "swap": -1}})",
          {"memory", "memory.memsw.limit_in_bytes", v1_unlimited, "67108864"},
          {"memory", "memory.swap.max", "max", "67108864"}},
    Limit{"memory.kernelTCP",
          "Memory",
          "`kernelTCP` (int64, OPTIONAL, NOT RECOMMENDED) - sets hard limit for kernel TCP buffer memory",
          R"({"memory": {"kernelTCP": 16777216}})",
          {"memory", "memory.kmem.tcp.limit_in_bytes", "16777216"},
          {}},
    Limit{"memory.swappiness",
          "Memory",
          "`swappiness` (uint64, OPTIONAL) - sets swappiness parameter of vmscan (See sysctl's "
          "vm.swappiness)",
          R"({"memory": {"swappiness": 33}})",
          {"memory", "memory.swappiness", "33"},
          {}},
    Limit{"memory.swappiness-0",
          "Memory",
          "The values are from 0 to 100.",
          R"({"memory": {"swappiness": 0}})",
          {"memory", "memory.swappiness", "0"},
          {}},
    Limit{"memory.disableOOMKiller",
          "Memory",
          "To disable it, specify a value of `true`.",
          R"({"memory": {"limit": 33554432, "disableOOMKiller": true}})",
          {"memory", "memory.oom_control", "oom_kill_disable 1"},
          {}},
    Limit{"cpu.shares",
          "CPU",
          "`shares` (uint64, OPTIONAL) - specifies a relative share of CPU time available to the tasks in a "
          "cgroup",
          R"({"cpu": {"shares": 512}})",
          {"cpu", "cpu.shares", "512"},
          {"cpu", "cpu.weight", "other than 100"}},
    Limit{
        "cpu.quota",
        "CPU",
        "`quota` (int64, OPTIONAL) - specifies the total amount of time in microseconds for which all tasks "
        "in a cgroup can run during one period (as defined by `period` below)",
        R"({"cpu": {"quota": 50000, "period": 200000}})",
        {"cpu", "cpu.cfs_quota_us", "50000"},
        {"cpu", "cpu.max", "50000 200000"}},
    Limit{"cpu.period",
          "CPU",
          cpu_period_text,
          R"({"cpu": {"quota": 50000, "period": 200000}})",
          {"cpu", "cpu.cfs_period_us", "200000"},
          {"cpu", "cpu.max", "50000 200000"}},
    Limit{"cpu.period-alone",
          "CPU",
          cpu_period_text,
          R"({"cpu": {"period": 200000}})",
          {"cpu", "cpu.cfs_period_us", "200000"},
          {"cpu", "cpu.max", "max 200000"}},
    Limit{"cpu.burst",
          "CPU",
          "`burst` (uint64, OPTIONAL) - specifies the maximum amount of accumulated time in microseconds for "
          "which all tasks in a cgroup can run additionally for burst during one period (as defined by "
          "`period` below)",
          R"({"cpu": {"quota": 50000, "period": 100000, "burst": 20000}})",
          {"cpu", "cpu.cfs_burst_us", "20000"},
          {"cpu", "cpu.max.burst", "20000"}},
    Limit{"cpu.realtimePeriod",
          "CPU",
          "`realtimePeriod` (uint64, OPTIONAL) - same as `period` but applies to realtime scheduler only",
          R"({"cpu": {"realtimePeriod": 2000000}})",
          {"cpu", "cpu.rt_period_us", "2000000"},
          {}},
    Limit{"cpu.cpus",
          "CPU",
          "`cpus` (string, OPTIONAL) - list of CPUs the container will run on.",
          R"({"cpu": {"cpus": "0"}})",
          {"cpuset", "cpuset.cpus", "0"},
          {"cpuset", "cpuset.cpus", "0"}},
    Limit{"cpu.mems",
          "CPU",
          "`mems` (string, OPTIONAL) - list of memory nodes the container will run on.",
          R"({"cpu": {"cpus": "0", "mems": "0"}})",
          {"cpuset", "cpuset.mems", "0"},
          {"cpuset", "cpuset.mems", "0"}},
    Limit{"cpu.idle",
          "CPU",
          "`idle` (int64, OPTIONAL) - cgroups are configured with minimum weight, 0: default behavior, 1: "
          "SCHED_IDLE.",
          R"({"cpu": {"idle": 1}})",
          {"cpu", "cpu.idle", "1"},
          {"cpu", "cpu.idle", "1"}},
    Limit{"pids.limit",
          "PIDs",
          pids_text,
          R"({"pids": {"limit": 77}})",
          {"pids", "pids.max", "77"},
          {"pids", "pids.max", "77"}},
    Limit{"pids.limit-unlimited",
          "PIDs",
          pids_text,
          R"({"pids": {"limit": -1}})",
          {"pids", "pids.max", "max", "77"},
          {"pids", "pids.max", "max", "77"}},
    Limit{"blockIO.throttleReadBpsDevice",
          "Block IO",
          throughput_text,
          R"({"blockIO": {"throttleReadBpsDevice": [{"rate": 600}]}})",
          {"blkio", "blkio.throttle.read_bps_device", "DEVICE 600"},
          {"io", "io.max", "DEVICE rbps=600 wbps=max riops=max wiops=max"}},
    Limit{"blockIO.throttleWriteBpsDevice",
          "Block IO",
          throughput_text,
          R"({"blockIO": {"throttleWriteBpsDevice": [{"rate": 600}]}})",
          {"blkio", "blkio.throttle.write_bps_device", "DEVICE 600"},
          {"io", "io.max", "DEVICE rbps=max wbps=600 riops=max wiops=max"}},
    Limit{"blockIO.throttleReadIOPSDevice",
          "Block IO",
          operations_text,
          R"({"blockIO": {"throttleReadIOPSDevice": [{"rate": 30}]}})",
          {"blkio", "blkio.throttle.read_iops_device", "DEVICE 30"},
          {"io", "io.max", "DEVICE rbps=max wbps=max riops=30 wiops=max"}},
    Limit{"blockIO.throttleWriteIOPSDevice",
          "Block IO",
          operations_text,
          R"({"blockIO": {"throttleWriteIOPSDevice": [{"rate": 30}]}})",
          {"blkio", "blkio.throttle.write_iops_device", "DEVICE 30"},
          {"io", "io.max", "DEVICE rbps=max wbps=max riops=max wiops=30"}},
    Limit{
        "hugepageLimits",
        "Huge page limits",
        "`limit` (uint64, REQUIRED) - limit in bytes of hugepagesize HugeTLB reservations (if supported) or "
        "usage.",
        R"({"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]})",
        {"hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "4194304"},
        {"hugetlb", "hugetlb.2MB.rsvd.max", "4194304"}},
    Limit{
        "network.classID",
        "Network",
        "`classID` (uint32, OPTIONAL) - is the network class identifier the cgroup's network packets will be "
        "tagged with",
        R"({"network": {"classID": 1048577}})",
        {"net_cls", "net_cls.classid", "1048577"},
        {}},
};

/// "MAJOR:MINOR" of a disk, or nothing.
std::string some_disk() {
  for (const auto& name : names_in("/sys/block"))
    if (const std::string number = trimmed(read_file("/sys/block/" + name + "/dev")); !number.empty())
      return number;
  return "";
}

/// Puts the disk into the rules of block IO.
void name_disk(json& resources, const std::string& disk) {
  const std::size_t colon = disk.find(':');
  for (json& list : resources["blockIO"])
    for (json& rule : list)
      rule["major"] = std::atoi(disk.c_str()), rule["minor"] = std::atoi(disk.c_str() + colon + 1);
}

std::string with_disk(std::string_view value, const std::string& disk) {
  std::string text(value);
  if (const std::size_t at = text.find("DEVICE"); at != std::string::npos) text.replace(at, 6, disk);
  return text;
}

bool has_line(const std::string& text, const std::string& wanted) {
  for (const auto& line : lines(text))
    if (line == wanted) return true;
  return false;
}

/// A cgroup of the caller's with a limit that the container's is to take the place of.
void written_before(const Hierarchy& hierarchy, const std::string& path, const File& file) {
  make_cgroup(hierarchy, path, std::string(file.controller));
  const std::string folder = hierarchy.path + path + "/";
  // The sum of memory and swap can be no less than the memory: memory.rst, "2.4 Swap Extension".
  if (file.name == "memory.memsw.limit_in_bytes") write_file(folder + "memory.limit_in_bytes", file.before);
  write_file(folder + std::string(file.name), file.before);
}

/// The kernel's own configuration decides which files there are; a cgroup of the case's shows them.
void need_file(Trial& t, const Hierarchy& hierarchy, const File& file) {
  const std::string path = t.run().cgroup + "/" + t.name() + "-shown";
  make_cgroup(hierarchy, path, std::string(file.controller));
  if (!exists(hierarchy.path + path + "/" + std::string(file.name)))
    t.skip("needs the file " + std::string(file.name));
}

void written(Trial& t) {
  const Limit& limit = limits[t.row()];
  const File& file = t.machine().unified() ? limit.v2 : limit.v1;
  if (file.name.empty()) t.skip("needs cgroup v1");
  const Hierarchy* hierarchy = t.machine().controller(file.controller);
  if (hierarchy == nullptr) t.skip("needs the " + std::string(file.controller) + " controller");
  need_file(t, *hierarchy, file);

  Container& box = t.container();
  json resources = json::parse(limit.resources);
  const std::string disk = some_disk();
  if (resources.contains("blockIO")) {
    if (disk.empty()) t.skip("needs a block device");
    name_disk(resources, disk);
  }
  box.config["linux"]["resources"] = resources;
  const std::string path = box.config["linux"]["cgroupsPath"], name = "/" + std::string(file.name);
  if (!file.before.empty()) written_before(*hierarchy, path, file);
  box.created();
  const std::string text = read_file(box.cgroup(std::string(file.controller)) + name);
  if (file.value.starts_with("other than "))
    t.expect("the file " + std::string(file.name), !text.empty() && trimmed(text) != file.value.substr(11),
             file.value, text);
  else
    t.expect("the file " + std::string(file.name), has_line(text, with_disk(file.value, disk)),
             "the line " + with_disk(file.value, disk), text);
}

constexpr auto cases = each(limits, {"linux-resources/written",
                                     {"config-linux.md", "Memory", Level::must, limit_text},
                                     written,
                                     {&needs::root}});

}  // namespace

std::span<const Case> linux_resources_cases() { return cases; }

}  // namespace conformance
