// Figures as containerd reads them. Sources: containerd/cgroups, cgroup1/stats/metrics.proto and
// cgroup2/stats/metrics.proto; field numbers are theirs.
#pragma once
#include "runtime/shim/wire/codec.hpp"

namespace lodger::shim::wire {

/// Of both.
struct PidsMetrics {
  std::uint64_t current = 0, limit = 0;
  void fields(auto& visit) { visit(1, current), visit(2, limit); }
};
struct HugetlbMetrics {
  std::uint64_t usage = 0, max = 0, failures = 0;
  std::string page_size;
  void fields(auto& visit) { visit(1, usage), visit(2, max), visit(3, failures), visit(4, page_size); }
};

namespace v1 {

struct CpuUsage {
  std::uint64_t total = 0, kernel = 0, user = 0;
  std::vector<std::uint64_t> per_cpu;
  void fields(auto& visit) { visit(1, total), visit(2, kernel), visit(3, user), visit(4, per_cpu); }
};
struct Throttle {
  std::uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;
  void fields(auto& visit) { visit(1, periods), visit(2, throttled_periods), visit(3, throttled_time); }
};
struct Cpu {
  std::optional<CpuUsage> usage;
  std::optional<Throttle> throttling;
  void fields(auto& visit) { visit(1, usage), visit(2, throttling); }
};
struct MemoryEntry {
  std::uint64_t limit = 0, usage = 0, max = 0, failures = 0;
  void fields(auto& visit) { visit(1, limit), visit(2, usage), visit(3, max), visit(4, failures); }
};
/// Field n is the n-th word of memory.stat as v1 has them; see metrics.cpp.
struct Memory {
  std::array<std::uint64_t, 32> words{};
  std::optional<MemoryEntry> usage, swap, kernel, kernel_tcp;
  void fields(auto& visit) {
    for (unsigned i = 0; i < words.size(); ++i) visit(i + 1, words[i]);
    visit(33, usage), visit(34, swap), visit(35, kernel), visit(36, kernel_tcp);
  }
};
struct BlockEntry {
  std::string operation, device;
  std::uint64_t major = 0, minor = 0, value = 0;
  void fields(auto& visit) {
    visit(1, operation), visit(2, device), visit(3, major), visit(4, minor), visit(5, value);
  }
};
struct Block {
  std::vector<BlockEntry> service_bytes, serviced, queued, service_time, wait_time, merged, time, sectors;
  void fields(auto& visit) {
    visit(1, service_bytes), visit(2, serviced), visit(3, queued), visit(4, service_time),
        visit(5, wait_time);
    visit(6, merged), visit(7, time), visit(8, sectors);
  }
};
struct OomControl {
  std::uint64_t disabled = 0, under = 0, kills = 0;
  void fields(auto& visit) { visit(1, disabled), visit(2, under), visit(3, kills); }
};
struct Metrics {
  static constexpr const char* type = "io.containerd.cgroups.v1.Metrics";
  std::vector<HugetlbMetrics> hugetlb;
  std::optional<PidsMetrics> pids;
  std::optional<Cpu> cpu;
  std::optional<Memory> memory;
  std::optional<Block> block;
  std::optional<OomControl> oom;
  void fields(auto& visit) {
    visit(1, hugetlb), visit(2, pids), visit(3, cpu), visit(4, memory), visit(5, block), visit(9, oom);
  }
};

}  // namespace v1

namespace v2 {

struct Stall {
  double avg10 = 0, avg60 = 0, avg300 = 0;
  std::uint64_t total = 0;
  void fields(auto& visit) { visit(1, avg10), visit(2, avg60), visit(3, avg300), visit(4, total); }
};
struct Pressure {
  std::optional<Stall> some, full;
  void fields(auto& visit) { visit(1, some), visit(2, full); }
};
struct Cpu {  // microseconds
  std::uint64_t usage = 0, user = 0, system = 0, periods = 0, throttled_periods = 0, throttled = 0;
  std::optional<Pressure> pressure;
  void fields(auto& visit) {
    visit(1, usage), visit(2, user), visit(3, system), visit(4, periods), visit(5, throttled_periods);
    visit(6, throttled), visit(7, pressure);
  }
};
/// Field n is the n-th of the names in metrics.cpp.
struct Memory {
  std::array<std::uint64_t, 31> words{};
  std::uint64_t usage = 0, usage_limit = 0, swap_usage = 0, swap_limit = 0, max_usage = 0, swap_max_usage = 0;
  std::optional<Pressure> pressure;
  void fields(auto& visit) {
    for (unsigned i = 0; i < words.size(); ++i) visit(i + 1, words[i]);
    visit(32, usage), visit(33, usage_limit), visit(34, swap_usage), visit(35, swap_limit);
    visit(36, max_usage), visit(37, swap_max_usage), visit(38, pressure);
  }
};
struct IoEntry {
  std::uint64_t major = 0, minor = 0, read_bytes = 0, written_bytes = 0, reads = 0, writes = 0;
  void fields(auto& visit) {
    visit(1, major), visit(2, minor), visit(3, read_bytes), visit(4, written_bytes), visit(5, reads),
        visit(6, writes);
  }
};
struct Io {
  std::vector<IoEntry> usage;
  std::optional<Pressure> pressure;
  void fields(auto& visit) { visit(1, usage), visit(2, pressure); }
};
struct MemoryEvents {
  std::uint64_t max = 0, oom_kills = 0;
  void fields(auto& visit) { visit(3, max), visit(5, oom_kills); }
};
struct HugetlbEntry {
  std::uint64_t current = 0, max = 0;
  std::string page_size;
  void fields(auto& visit) { visit(1, current), visit(2, max), visit(3, page_size); }
};
struct Metrics {
  static constexpr const char* type = "io.containerd.cgroups.v2.Metrics";
  std::optional<PidsMetrics> pids;
  std::optional<Cpu> cpu;
  std::optional<Memory> memory;
  std::optional<Io> io;
  std::vector<HugetlbEntry> hugetlb;
  std::optional<MemoryEvents> events;
  void fields(auto& visit) {
    visit(1, pids), visit(2, cpu), visit(4, memory), visit(6, io), visit(7, hugetlb), visit(8, events);
  }
};

}  // namespace v2

}  // namespace lodger::shim::wire
