#include "runtime/shim/metrics.hpp"

#include <limits>

#include "runtime/shim/wire/metrics.hpp"

namespace lodger::shim {
namespace {

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

template <std::size_t size>
void take_words(std::array<std::uint64_t, size>& into, const char* const (&names)[size],
                const std::map<std::string, std::uint64_t>& found) {
  for (std::size_t i = 0; i < size; ++i)
    if (const auto word = found.find(names[i]); word != found.end()) into[i] = word->second;
}

namespace v1 {

using namespace wire::v1;

constexpr const char* words[] = {"cache",
                                 "rss",
                                 "rss_huge",
                                 "mapped_file",
                                 "dirty",
                                 "writeback",
                                 "pgpgin",
                                 "pgpgout",
                                 "pgfault",
                                 "pgmajfault",
                                 "inactive_anon",
                                 "active_anon",
                                 "inactive_file",
                                 "active_file",
                                 "unevictable",
                                 "hierarchical_memory_limit",
                                 "hierarchical_memsw_limit",
                                 "total_cache",
                                 "total_rss",
                                 "total_rss_huge",
                                 "total_mapped_file",
                                 "total_dirty",
                                 "total_writeback",
                                 "total_pgpgin",
                                 "total_pgpgout",
                                 "total_pgfault",
                                 "total_pgmajfault",
                                 "total_inactive_anon",
                                 "total_active_anon",
                                 "total_inactive_file",
                                 "total_active_file",
                                 "total_unevictable"};

MemoryEntry entry(const cgroups::Usage& usage) {
  return {usage.limit, usage.usage, usage.max, usage.failures};
}

Memory memory_of(const cgroups::MemoryStatistics& from) {
  Memory out;
  take_words(out.words, words, from.raw);
  out.usage = entry(from.memory);
  out.swap = entry(from.swap);
  out.kernel = entry(from.kernel);
  out.kernel_tcp = entry(from.kernel_tcp);
  return out;
}

std::vector<BlockEntry> entries(const std::vector<cgroups::BlockIoEntry>& from) {
  std::vector<BlockEntry> out;
  for (const auto& one : from) out.push_back({one.operation, "", one.major, one.minor, one.value});
  return out;
}

Metrics of(const cgroups::Statistics& from) {
  Metrics out;
  for (const auto& [size, usage] : from.hugepages)
    out.hugetlb.push_back({usage.usage, usage.max, usage.failures, size});
  out.pids = {from.pids.current, from.pids.limit};
  out.cpu = {CpuUsage{from.cpu.total, from.cpu.kernel, from.cpu.user, from.cpu.per_cpu},
             Throttle{from.cpu.periods, from.cpu.throttled_periods, from.cpu.throttled_time}};
  out.memory = memory_of(from.memory);
  const auto& io = from.block_io;
  out.block = {entries(io.service_bytes), entries(io.serviced), entries(io.queued), entries(io.service_time),
               entries(io.wait_time),     entries(io.merged),   entries(io.time),   entries(io.sectors)};
  out.oom = {0, 0, from.memory.oom_kills};
  return out;
}

}  // namespace v1

namespace v2 {

using namespace wire::v2;

constexpr const char* words[] = {"anon",
                                 "file",
                                 "kernel_stack",
                                 "slab",
                                 "sock",
                                 "shmem",
                                 "file_mapped",
                                 "file_dirty",
                                 "file_writeback",
                                 "anon_thp",
                                 "inactive_anon",
                                 "active_anon",
                                 "inactive_file",
                                 "active_file",
                                 "unevictable",
                                 "slab_reclaimable",
                                 "slab_unreclaimable",
                                 "pgfault",
                                 "pgmajfault",
                                 "workingset_refault",
                                 "workingset_activate",
                                 "workingset_nodereclaim",
                                 "pgrefill",
                                 "pgscan",
                                 "pgsteal",
                                 "pgactivate",
                                 "pgdeactivate",
                                 "pglazyfree",
                                 "pglazyfreed",
                                 "thp_fault_alloc",
                                 "thp_collapse_alloc"};

std::optional<Stall> stall(const std::optional<cgroups::Stall>& from) {
  if (!from) return std::nullopt;
  return Stall{from->avg10, from->avg60, from->avg300, from->total};
}

std::optional<Pressure> pressure(const std::optional<cgroups::Pressure>& from) {
  if (!from) return std::nullopt;
  return Pressure{stall(from->some), stall(from->full)};
}

/// Here swap is counted alone again, as the kernel has it.
Memory memory_of(const cgroups::MemoryStatistics& from) {
  Memory out;
  take_words(out.words, words, from.raw);
  out.usage = from.memory.usage;
  out.usage_limit = from.memory.limit;
  out.max_usage = from.memory.max;
  out.swap_usage = from.swap.usage - from.memory.usage;
  out.swap_limit = from.swap.limit == unlimited ? unlimited : from.swap.limit - from.memory.limit;
  out.pressure = pressure(from.pressure);
  return out;
}

Io io_of(const cgroups::BlockIoStatistics& from) {
  Io out;
  const auto entry = [&](const cgroups::BlockIoEntry& one) -> IoEntry& {
    for (auto& known : out.usage)
      if (known.major == one.major && known.minor == one.minor) return known;
    return out.usage.emplace_back(IoEntry{one.major, one.minor});
  };
  for (const auto& one : from.service_bytes) {
    if (one.operation == "Read") entry(one).read_bytes = one.value;
    if (one.operation == "Write") entry(one).written_bytes = one.value;
  }
  for (const auto& one : from.serviced) {
    if (one.operation == "Read") entry(one).reads = one.value;
    if (one.operation == "Write") entry(one).writes = one.value;
  }
  out.pressure = pressure(from.pressure);
  return out;
}

Metrics of(const cgroups::Statistics& from) {
  constexpr std::uint64_t per_us = 1000;
  Metrics out;
  out.pids = {from.pids.current, from.pids.limit};
  out.cpu = {from.cpu.total / per_us,    from.cpu.user / per_us,     from.cpu.kernel / per_us,
             from.cpu.periods,           from.cpu.throttled_periods, from.cpu.throttled_time / per_us,
             pressure(from.cpu.pressure)};
  out.memory = memory_of(from.memory);
  out.io = io_of(from.block_io);
  for (const auto& [size, usage] : from.hugepages) out.hugetlb.push_back({usage.usage, usage.limit, size});
  out.events = {from.memory.memory.failures, from.memory.oom_kills};
  return out;
}

}  // namespace v2

template <class Metrics>
wire::Any packed(const Metrics& figures) {
  return {Metrics::type, wire::encode(figures)};
}

}  // namespace

wire::Any metrics(const cgroups::Statistics& figures, cgroups::Kind kind) {
  return kind == cgroups::Kind::v2 ? packed(v2::of(figures)) : packed(v1::of(figures));
}

}  // namespace lodger::shim
