// The table of cgroup v1. Where two files bound each other (limit and memsw, quota and burst), the order is
// that of a new cgroup, whose limits are wide open; for one that was limited before, apply() tries twice.
#include <fmt/core.h>

#include "cgroups/devices.hpp"
#include "cgroups/values.hpp"

namespace lodger::cgroups {
namespace {

using spec::Cpu;
using spec::Memory;
using spec::Resources;

/// Memory and swap together. Lifting the limit lifts this one too unless told otherwise, because it must not
/// be the lower of the two.
Value memsw(const Resources& r) {
  const auto swap = nonzero(member(r.memory, &Memory::swap));
  if (!swap && member(r.memory, &Memory::limit) == -1) return "-1";
  return text(swap);
}

Value flag(std::optional<bool> value) { return value ? Value(*value ? "1" : "0") : std::nullopt; }

constexpr Row rows[] = {
    {"memory", "memory.use_hierarchy",
     [](const Resources& r) { return flag(member(r.memory, &Memory::use_hierarchy)); }},
    {"memory", "memory.limit_in_bytes",
     [](const Resources& r) { return text(nonzero(member(r.memory, &Memory::limit))); }, "-1"},
    {"memory", "memory.memsw.limit_in_bytes", memsw, "-1"},
    {"memory", "memory.soft_limit_in_bytes",
     [](const Resources& r) { return text(nonzero(member(r.memory, &Memory::reservation))); }, "-1"},
    {"memory", "memory.kmem.tcp.limit_in_bytes",
     [](const Resources& r) { return text(nonzero(member(r.memory, &Memory::kernel_tcp))); }, "-1"},
    {"memory", "memory.swappiness",
     [](const Resources& r) { return text(member(r.memory, &Memory::swappiness)); }},
    {"memory", "memory.oom_control",
     [](const Resources& r) { return flag(member(r.memory, &Memory::disable_oom_killer)); }, "0"},
    {"cpu", "cpu.cfs_period_us",
     [](const Resources& r) { return text(nonzero(member(r.cpu, &Cpu::period))); }, "100000"},
    {"cpu", "cpu.cfs_quota_us", [](const Resources& r) { return text(nonzero(member(r.cpu, &Cpu::quota))); },
     "-1"},
    {"cpu", "cpu.cfs_burst_us", [](const Resources& r) { return text(member(r.cpu, &Cpu::burst)); }, "0"},
    {"cpu", "cpu.shares", [](const Resources& r) { return text(shares_of(r)); }, "1024"},
    {"cpu", "cpu.idle", [](const Resources& r) { return text(member(r.cpu, &Cpu::idle)); }, "0"},
    {"cpu", "cpu.rt_period_us",
     [](const Resources& r) { return text(nonzero(member(r.cpu, &Cpu::realtime_period))); }, "1000000"},
    {"cpu", "cpu.rt_runtime_us",
     [](const Resources& r) { return text(member(r.cpu, &Cpu::realtime_runtime)); }, "0"},
    {"cpuset", "cpuset.cpus",
     [](const Resources& r) { return r.cpu ? unless_empty(r.cpu->cpus) : std::nullopt; }},
    {"cpuset", "cpuset.mems",
     [](const Resources& r) { return r.cpu ? unless_empty(r.cpu->mems) : std::nullopt; }},
    {"pids", "pids.max", [](const Resources& r) { return or_max(member(r.pids, &spec::Pids::limit)); },
     "max"},
    {"net_cls", "net_cls.classid",
     [](const Resources& r) { return text(member(r.network, &spec::Network::class_id)); }, "0"},
};

constexpr Refusal refusals[] = {
    {"unified", [](const Resources& r) { return !r.unified.empty(); },
     "invalid configuration: names files of cgroup2, but this machine has its controllers on cgroup v1"},
};

}  // namespace

Outcome<Plan> plan_v1(const Resources& resources) {
  TRY(check_common(resources));
  TRY(check_refusals(refusals, resources));
  Plan plan;
  const auto devices = TRY(device_rules(resources.devices));
  plan.settings = TRY(device_settings(devices));
  add_rows(rows, resources, plan.settings);
  add_lists_v1(resources, plan.settings);
  return plan;
}

}  // namespace lodger::cgroups
