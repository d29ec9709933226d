// Statistics as runc's events show them. Members that Go leaves out when they are zero are left out here too:
// callers compare the keys.
#include "runtime/container/events.hpp"
#include "spec/json_writer.hpp"

namespace lodger::container {
namespace {

using cgroups::Statistics;
using spec::JsonWriter;

/// Left out when it is zero.
void add(JsonWriter& out, std::string_view key, std::uint64_t value) {
  if (value) out.key(key).count(value);
}

template <class T>
void add_list(JsonWriter& out, std::string_view key, const std::vector<T>& values) {
  if (values.empty()) return;
  out.key(key).open('[');
  for (const auto value : values) out.count(value);
  out.close(']');
}

void add_stall(JsonWriter& out, std::string_view key, const std::optional<cgroups::Stall>& stall) {
  if (!stall) return;
  out.key(key).open('{').key("avg10").fraction(stall->avg10).key("avg60").fraction(stall->avg60);
  out.key("avg300").fraction(stall->avg300).key("total").count(stall->total).close('}');
}

void add_pressure(JsonWriter& out, const std::optional<cgroups::Pressure>& pressure) {
  if (!pressure) return;
  out.key("psi").open('{');
  add_stall(out, "some", pressure->some);
  add_stall(out, "full", pressure->full);
  out.close('}');
}

void add_cpu(JsonWriter& out, const cgroups::CpuStatistics& cpu) {
  out.key("cpu").open('{').key("usage").open('{');
  add(out, "total", cpu.total);
  add_list(out, "percpu", cpu.per_cpu);
  add_list(out, "percpu_kernel", cpu.per_cpu_kernel);
  add_list(out, "percpu_user", cpu.per_cpu_user);
  out.key("kernel").count(cpu.kernel).key("user").count(cpu.user).close('}');
  out.key("throttling").open('{');
  add(out, "periods", cpu.periods);
  add(out, "throttledPeriods", cpu.throttled_periods);
  add(out, "throttledTime", cpu.throttled_time);
  out.close('}');
  add_pressure(out, cpu.pressure);
  out.close('}');
}

void add_cpuset(JsonWriter& out, const cgroups::CpusetStatistics& cpuset) {
  out.key("cpuset").open('{');
  add_list(out, "cpus", cpuset.cpus);
  out.key("cpu_exclusive").count(cpuset.cpu_exclusive);
  add_list(out, "mems", cpuset.mems);
  out.key("mem_hardwall").count(cpuset.mem_hardwall).key("mem_exclusive").count(cpuset.mem_exclusive);
  out.key("memory_migrate").count(cpuset.memory_migrate);
  out.key("memory_spread_page").count(cpuset.memory_spread_page);
  out.key("memory_spread_slab").count(cpuset.memory_spread_slab);
  out.key("memory_pressure").count(cpuset.memory_pressure);
  out.key("sched_load_balance").count(cpuset.sched_load_balance);
  out.key("sched_relax_domain_level").number(cpuset.sched_relax_domain_level).close('}');
}

/// What is used of a limit that is not shown.
void add_used(JsonWriter& out, const cgroups::Usage& usage) {
  add(out, "usage", usage.usage);
  add(out, "max", usage.max);
  out.key("failcnt").count(usage.failures);
}

void add_usage(JsonWriter& out, std::string_view key, const cgroups::Usage& usage) {
  out.key(key).open('{').key("limit").count(usage.limit);
  add_used(out, usage);
  out.close('}');
}

void add_memory(JsonWriter& out, const cgroups::MemoryStatistics& memory) {
  out.key("memory").open('{');
  add(out, "cache", memory.cache);
  add_usage(out, "usage", memory.memory);
  add_usage(out, "swap", memory.swap);
  add_usage(out, "kernel", memory.kernel);
  add_usage(out, "kernelTCP", memory.kernel_tcp);
  if (!memory.raw.empty()) {
    out.key("raw").open('{');
    for (const auto& [name, value] : memory.raw) out.key(name).count(value);
    out.close('}');
  }
  add_pressure(out, memory.pressure);
  out.close('}');
}

void add_pids(JsonWriter& out, const cgroups::PidsStatistics& pids) {
  out.key("pids").open('{');
  add(out, "current", pids.current);
  add(out, "limit", pids.limit);
  out.close('}');
}

void add_entries(JsonWriter& out, std::string_view key, const std::vector<cgroups::BlockIoEntry>& entries) {
  if (entries.empty()) return;
  out.key(key).open('[');
  for (const auto& entry : entries) {
    out.open('{');
    add(out, "major", entry.major);
    add(out, "minor", entry.minor);
    if (!entry.operation.empty()) out.key("op").text(entry.operation);
    add(out, "value", entry.value);
    out.close('}');
  }
  out.close(']');
}

void add_block_io(JsonWriter& out, const cgroups::BlockIoStatistics& io) {
  out.key("blkio").open('{');
  add_entries(out, "ioServiceBytesRecursive", io.service_bytes);
  add_entries(out, "ioServicedRecursive", io.serviced);
  add_entries(out, "ioQueueRecursive", io.queued);
  add_entries(out, "ioServiceTimeRecursive", io.service_time);
  add_entries(out, "ioWaitTimeRecursive", io.wait_time);
  add_entries(out, "ioMergedRecursive", io.merged);
  add_entries(out, "ioTimeRecursive", io.time);
  add_entries(out, "sectorsRecursive", io.sectors);
  add_pressure(out, io.pressure);
  out.close('}');
}

void add_hugepages(JsonWriter& out, const std::map<std::string, cgroups::Usage>& hugepages) {
  out.key("hugetlb").open('{');
  for (const auto& [size, usage] : hugepages) {
    out.key(size).open('{');
    add_used(out, usage);
    out.close('}');
  }
  out.close('}');
}

}  // namespace

std::string statistics_event(std::string_view id, const Statistics& statistics) {
  JsonWriter out;
  out.open('{').key("type").text("stats").key("id").text(id).key("data").open('{');
  add_cpu(out, statistics.cpu);
  add_cpuset(out, statistics.cpuset);
  add_memory(out, statistics.memory);
  add_pids(out, statistics.pids);
  add_block_io(out, statistics.block_io);
  add_hugepages(out, statistics.hugepages);
  // Empty as with every container that has no class of its own and no interfaces made by its runtime; null is
  // how runc writes the latter.
  out.key("intel_rdt").open('{').close('}').key("network_interfaces").null();
  out.close('}').close('}');
  return out.str();
}

std::string oom_event(std::string_view id) {
  JsonWriter out;
  out.open('{').key("type").text("oom").key("id").text(id).close('}');
  return out.str();
}

}  // namespace lodger::container
