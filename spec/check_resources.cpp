// The clauses of "linux.resources" that no cgroup version changes. Source: runtime-spec 1.3, config-linux.md,
// "Control groups" and below.
#include <fmt/core.h>

#include "spec/check.hpp"
#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

constexpr const char* known_access = "rwm";

Outcome<> devices(const Resources& resources) {
  for (std::size_t i = 0; i < resources.devices.size(); ++i) {
    const DeviceRule& rule = resources.devices[i];
    const std::string where = fmt::format("linux.resources.devices[{}]", i);
    if (!rule.access.empty() && rule.access.find_first_of(known_access) == rule.access.npos)
      return refuse(fmt::format("{}.access: expected some of \"r\", \"w\" and \"m\", found {}", where,
                                quoted(rule.access)));
    if (rule.major.value_or(0) < 0 || rule.minor.value_or(0) < 0)
      return refuse(where + ": a device number must not be negative");
  }
  return {};
}

Outcome<> limit(const char* property, const std::optional<std::int64_t>& value) {
  if (!value || *value >= -1) return {};
  return refuse(
      fmt::format("linux.resources.{}: expected a limit, or -1 for none, found {}", property, *value));
}

Outcome<> memory(const Resources& resources) {
  if (!resources.memory) return {};
  const Memory& memory = *resources.memory;
  TRY(limit("memory.limit", memory.limit));
  TRY(limit("memory.reservation", memory.reservation));
  TRY(limit("memory.swap", memory.swap));
  TRY(limit("memory.kernel", memory.kernel));
  TRY(limit("memory.kernelTCP", memory.kernel_tcp));
  if (memory.swappiness && *memory.swappiness > 100)
    return refuse(
        fmt::format("linux.resources.memory.swappiness: expected 0 to 100, found {}", *memory.swappiness));
  return {};
}

Outcome<> cpu(const Resources& resources) {
  if (!resources.cpu) return {};
  const Cpu& cpu = *resources.cpu;
  if (cpu.burst && cpu.quota && *cpu.quota > 0 && *cpu.burst > static_cast<std::uint64_t>(*cpu.quota))
    return refuse(
        fmt::format("linux.resources.cpu.burst: {} is above the quota of {}", *cpu.burst, *cpu.quota));
  if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1)
    return refuse(fmt::format("linux.resources.cpu.idle: expected 0 or 1, found {}", *cpu.idle));
  return {};
}

Outcome<> pids(const Resources& resources) {
  return resources.pids ? limit("pids.limit", resources.pids->limit) : Outcome<>{};
}

/// A key is a file of the cgroup's own folder.
Outcome<> unified(const Resources& resources) {
  for (const auto& [key, value] : resources.unified)
    if (key.empty() || key == "." || key == ".." || key.find('/') != key.npos)
      return refuse(fmt::format("linux.resources.unified[{}]: no name of a file in a cgroup", quoted(key)));
  return {};
}

constexpr Clause<Resources> clauses[] = {devices, memory, cpu, pids, unified};

}  // namespace

std::vector<std::string> remarks(const Resources& resources) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < resources.devices.size(); ++i) {
    const std::string& access = resources.devices[i].access;
    if (access.find_first_not_of(known_access) != access.npos)
      out.push_back(fmt::format("linux.resources.devices[{}].access: {}: only \"r\", \"w\" and \"m\" count",
                                i, quoted(access)));
  }
  if (resources.cpu && resources.cpu->idle == 1 && resources.cpu->shares.value_or(0) != 0)
    out.push_back(fmt::format(
        "linux.resources.cpu: unable to apply both shares and idle: an idle cgroup has no shares, "
        "so {} is ignored",
        *resources.cpu->shares));
  return out;
}

std::span<const Clause<Resources>> resources_clauses() { return clauses; }

}  // namespace lodger::spec
