#include <fmt/core.h>

#include "cgroups/files.hpp"
#include "cgroups/statistics_files.hpp"

namespace lodger::cgroups {
namespace {

/// cpuacct.stat counts in USER_HZ, which is 100 on every architecture of Linux: time(7).
constexpr std::uint64_t nanoseconds_per_tick = 10'000'000;

class V1 : public Figures {
 public:
  using Figures::Figures;

  CpuStatistics cpu() const {
    CpuStatistics out;
    out.total = number("cpuacct", "cpuacct.usage");
    auto parts = flat_keyed(text("cpuacct", "cpuacct.stat"));
    out.user = parts["user"] * nanoseconds_per_tick;
    out.kernel = parts["system"] * nanoseconds_per_tick;
    out.per_cpu = numbers_in(text("cpuacct", "cpuacct.usage_percpu"));
    each_part(text("cpuacct", "cpuacct.usage_all"), '\n',
              [&](std::string_view line) {  // "cpu user system", 0 1 2
                const auto row = numbers_in(line);
                if (row.size() != 3 || line.starts_with("cpu")) return;
                out.per_cpu_user.push_back(row[1]);
                out.per_cpu_kernel.push_back(row[2]);
              });
    auto throttling = flat_keyed(text("cpu", "cpu.stat"));
    out.periods = throttling["nr_periods"];
    out.throttled_periods = throttling["nr_throttled"];
    out.throttled_time = throttling["throttled_time"];
    out.pressure = pressure("cpu");
    return out;
  }

  CpusetStatistics cpuset() const {
    auto out = cpuset_lists();
    const auto of = [&](const char* name) { return number("cpuset", fmt::format("cpuset.{}", name)); };
    out.cpu_exclusive = of("cpu_exclusive");
    out.mem_hardwall = of("mem_hardwall");
    out.mem_exclusive = of("mem_exclusive");
    out.memory_migrate = of("memory_migrate");
    out.memory_spread_page = of("memory_spread_page");
    out.memory_spread_slab = of("memory_spread_slab");
    out.memory_pressure = of("memory_pressure");
    out.sched_load_balance = of("sched_load_balance");
    const auto level = text("cpuset", "cpuset.sched_relax_domain_level");  // -1: the system's default
    out.sched_relax_domain_level = level == "-1" ? -1 : static_cast<std::int64_t>(number_in(level));
    return out;
  }

  MemoryStatistics memory() const {
    MemoryStatistics out;
    out.raw = flat_keyed(text("memory", "memory.stat"));
    out.cache = out.raw.contains("cache") ? out.raw.at("cache") : 0;
    out.memory = usage("memory", "memory");
    out.swap = usage("memory", "memory.memsw");
    out.kernel = usage("memory", "memory.kmem");
    out.kernel_tcp = usage("memory", "memory.kmem.tcp");
    out.oom_kills = flat_keyed(text("memory", "memory.oom_control"))["oom_kill"];
    out.pressure = pressure("memory");
    return out;
  }

  /// BFQ's figures where it is in use, else CFQ's (gone with Linux 5.0), else what the throttling sees.
  BlockIoStatistics block_io() const {
    BlockIoStatistics out;
    out.service_bytes = io("io_service_bytes", true);
    out.serviced = io("io_serviced", true);
    out.queued = io("io_queued", false);
    out.service_time = io("io_service_time", false);
    out.wait_time = io("io_wait_time", false);
    out.merged = io("io_merged", false);
    out.time = io("time", false);
    out.sectors = io("sectors", false);
    out.pressure = pressure("io");
    return out;
  }

  std::optional<Usage> hugepages(const std::string& size) const {
    const auto account = hugepage_account(size, ".usage_in_bytes");
    return account ? std::optional(usage("hugetlb", *account)) : std::nullopt;
  }

 private:
  Usage usage(std::string_view controller, const std::string& prefix) const {
    return {number(controller, prefix + ".limit_in_bytes"), number(controller, prefix + ".usage_in_bytes"),
            number(controller, prefix + ".max_usage_in_bytes"), number(controller, prefix + ".failcnt")};
  }
  std::vector<BlockIoEntry> io(const std::string& name, bool throttled) const {
    for (const char* owner : {"blkio.bfq.", "blkio.", "blkio.throttle."}) {
      if (owner == std::string_view("blkio.throttle.") && !throttled) break;
      auto found = block_io_in(text("blkio", owner + name + "_recursive"));
      if (!found.empty()) return found;
    }
    return {};
  }
};

}  // namespace

Statistics statistics_v1(const Files& files, const std::vector<std::string>& page_sizes) {
  return gathered(V1(files), page_sizes);
}

}  // namespace lodger::cgroups
