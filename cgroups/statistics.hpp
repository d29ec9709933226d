// What a cgroup has used and may use. One struct for cgroup v1 and cgroup2: whoever shows it (events, a shim)
// need not know which there was. Sources: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the
// kernel; accounting/psi.rst.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups {

/// Pressure: the part of the last 10, 60 and 300 s (percent), and the sum (microseconds), in which some or
/// all tasks waited.
struct Stall {
  double avg10 = 0, avg60 = 0, avg300 = 0;
  std::uint64_t total = 0;
};
struct Pressure {
  std::optional<Stall> some, full;
};

/// Times are in nanoseconds.
struct CpuStatistics {
  std::uint64_t total = 0, kernel = 0, user = 0;
  std::vector<std::uint64_t> per_cpu, per_cpu_kernel, per_cpu_user;  // v1 alone
  std::uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;
  std::optional<Pressure> pressure;
};

/// v1's cpuset files; cgroup2 fills the two lists alone.
struct CpusetStatistics {
  std::vector<std::uint16_t> cpus, mems;
  std::uint64_t cpu_exclusive = 0, mem_hardwall = 0, mem_exclusive = 0, memory_migrate = 0,
                memory_spread_page = 0, memory_spread_slab = 0, memory_pressure = 0, sched_load_balance = 0;
  std::int64_t sched_relax_domain_level = 0;
};

/// Bytes. No limit: the largest number there is (v1's kernel has one of its own).
struct Usage {
  std::uint64_t limit = 0, usage = 0, max = 0, failures = 0;
};
struct MemoryStatistics {
  std::uint64_t cache = 0;
  Usage memory, swap, kernel, kernel_tcp;  // swap: memory and swap together, also on cgroup2
  std::map<std::string, std::uint64_t> raw;
  std::uint64_t oom_kills = 0;
  std::optional<Pressure> pressure;
};

struct PidsStatistics {
  std::uint64_t current = 0, limit = 0;  // 0: no limit
};

/// "8:0 Read 4096".
struct BlockIoEntry {
  std::uint64_t major = 0, minor = 0;
  std::string operation;
  std::uint64_t value = 0;
};
struct BlockIoStatistics {
  std::vector<BlockIoEntry> service_bytes, serviced, queued, service_time, wait_time, merged, time, sectors;
  std::optional<Pressure> pressure;
};

struct Statistics {
  CpuStatistics cpu;
  CpusetStatistics cpuset;
  MemoryStatistics memory;
  PidsStatistics pids;
  BlockIoStatistics block_io;
  std::map<std::string, Usage> hugepages;  // by page size: "2MB"
};

/// What is there to see: a controller that is missing leaves zeros. Fails only for a record without a cgroup,
/// and when the cgroup is gone.
Outcome<Statistics> statistics(const Layout& layout, const Record& record);

}  // namespace lodger::cgroups
