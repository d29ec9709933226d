// The table of cgroup2, with what `unified` names written last, so that it wins.
#include <fmt/core.h>

#include "cgroups/devices.hpp"
#include "cgroups/files.hpp"
#include "cgroups/values.hpp"

namespace lodger::cgroups {
namespace {

using spec::Cpu;
using spec::Memory;
using spec::Resources;

/// cgroup2 limits swap alone, config.json memory and swap together.
Value swap_alone(const Resources& r) {
  const auto limit = nonzero(member(r.memory, &Memory::limit));
  const auto swap = nonzero(member(r.memory, &Memory::swap));
  if (!swap) return limit == -1 ? Value("max") : std::nullopt;
  if (swap == -1) return "max";
  return std::to_string(*swap - limit.value_or(0));
}

/// "QUOTA PERIOD" in one file, where "max" is no quota and 100000 the kernel's own period.
Value cpu_max(const Resources& r) {
  const auto quota = nonzero(member(r.cpu, &Cpu::quota));
  const auto period = nonzero(member(r.cpu, &Cpu::period));
  if (!quota && !period) return std::nullopt;
  return fmt::format("{} {}", or_max(quota).value_or("max"), period.value_or(100000));
}

Value weight(const Resources& r) {
  const auto shares = shares_of(r);
  return shares ? Value(weight_of_shares(*shares)) : std::nullopt;
}

constexpr Row rows[] = {
    // Swap first: an update to less memory and more swap needs that to swap out to, or the kernel kills.
    {"memory", "memory.swap.max", swap_alone, "max"},
    {"memory", "memory.max",
     [](const Resources& r) { return or_max(nonzero(member(r.memory, &Memory::limit))); }, "max"},
    {"memory", "memory.low",
     [](const Resources& r) { return or_max(nonzero(member(r.memory, &Memory::reservation))); }, "0"},
    {"cpu", "cpu.weight", weight, "100"},
    {"cpu", "cpu.max", cpu_max, "max 100000"},
    {"cpu", "cpu.max.burst", [](const Resources& r) { return text(member(r.cpu, &Cpu::burst)); }, "0"},
    {"cpu", "cpu.idle", [](const Resources& r) { return text(member(r.cpu, &Cpu::idle)); }, "0"},
    {"cpuset", "cpuset.cpus",
     [](const Resources& r) { return r.cpu ? unless_empty(r.cpu->cpus) : std::nullopt; }},
    {"cpuset", "cpuset.mems",
     [](const Resources& r) { return r.cpu ? unless_empty(r.cpu->mems) : std::nullopt; }},
    {"pids", "pids.max", [](const Resources& r) { return or_max(member(r.pids, &spec::Pids::limit)); },
     "max"},
};

constexpr Refusal refusals[] = {
    {"memory.kernelTCP",
     [](const Resources& r) { return member(r.memory, &Memory::kernel_tcp).value_or(0) > 0; },
     "cgroup2 has no limit for TCP buffers alone; memory.limit counts them in"},
    {"memory.swappiness",
     [](const Resources& r) { return member(r.memory, &Memory::swappiness).has_value(); },
     "cgroup2 has no swappiness of its own; memory.swap bounds what is swapped"},
    {"memory.disableOOMKiller",
     [](const Resources& r) { return member(r.memory, &Memory::disable_oom_killer) == true; },
     "the OOM killer cannot be disabled on cgroup2"},
    {"memory.swap",
     [](const Resources& r) {
       return nonzero(member(r.memory, &Memory::swap)).value_or(-1) > 0 &&
              !nonzero(member(r.memory, &Memory::limit));
     },
     "is memory and swap together, so cgroup2 needs memory.limit beside it"},
    {"memory.swap",
     [](const Resources& r) {
       const auto swap = nonzero(member(r.memory, &Memory::swap)).value_or(-1);
       return swap > 0 &&
              (member(r.memory, &Memory::limit) == -1 || swap < member(r.memory, &Memory::limit).value_or(0));
     },
     "is memory and swap together and must not be below memory.limit"},
    {"cpu.realtimeRuntime",
     [](const Resources& r) { return member(r.cpu, &Cpu::realtime_runtime).value_or(0) != 0; },
     "cgroup2 does not ration realtime scheduling"},
    {"cpu.realtimePeriod",
     [](const Resources& r) { return member(r.cpu, &Cpu::realtime_period).value_or(0) != 0; },
     "cgroup2 does not ration realtime scheduling"},
    {"network.classID",
     [](const Resources& r) { return member(r.network, &spec::Network::class_id).value_or(0) != 0; },
     "cgroup2 has no net_cls; firewalls match its path instead"},
    {"network.priorities", [](const Resources& r) { return r.network && !r.network->priorities.empty(); },
     "cgroup2 has no net_prio"},
};

/// "Each key in the map refers to a file in the cgroup unified hierarchy" (config-linux.md), so it is a plain
/// name. A file of several lines, such as io.max, takes them one write each.
Outcome<> add_unified(const Resources& resources, std::vector<Setting>& settings) {
  for (const auto& [file, value] : resources.unified) {
    const auto dot = file.find('.');
    if (dot == 0 || dot == file.npos || file.find('/') != file.npos)
      return refuse(fmt::format("linux.resources.unified: \"{}\": not the name of a control file", file),
                    EINVAL);
    const auto before = settings.size();
    each_part(value, '\n', [&](std::string_view line) {
      settings.push_back({file.substr(0, dot), file, std::string(line), false, false, {}, {}});
    });
    if (settings.size() == before)  // an empty value is a value: it resets cpuset.cpus
      settings.push_back({file.substr(0, dot), file, "", false, false, {}, {}});
  }
  return {};
}

}  // namespace

Outcome<Plan> plan_v2(const Resources& resources) {
  TRY(check_common(resources));
  TRY(check_refusals(refusals, resources));
  Plan plan;
  const auto devices = TRY(device_rules(resources.devices));
  plan.restricts_devices = !devices.empty();
  plan.device_program = device_program(devices);
  add_rows(rows, resources, plan.settings);
  add_lists_v2(resources, plan.settings);
  TRY(add_unified(resources, plan.settings));
  return plan;
}

}  // namespace lodger::cgroups
