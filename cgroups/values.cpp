#include "cgroups/values.hpp"

#include <fmt/core.h>

namespace lodger::cgroups {
namespace {

using spec::Resources;

bool has_leaf_weight(const Resources& r) {
  if (!r.block_io) return false;
  bool found = nonzero(r.block_io->leaf_weight).has_value();
  for (const auto& device : r.block_io->weight_device) found |= nonzero(device.leaf_weight).has_value();
  return found;
}

/// Kernel memory lost its own limit: a write to memory.kmem.limit_in_bytes has had no effect since
/// Linux 5.16, and cgroup2 never had one. To accept it would promise what nobody keeps. -1 and 0 ask for
/// nothing.
constexpr Refusal common_refusals[] = {
    {"memory.kernel",
     [](const Resources& r) { return member(r.memory, &spec::Memory::kernel).value_or(0) > 0; },
     "the kernel has no limit for kernel memory any more; memory.limit counts it in"},
    {"memory.useHierarchy",
     [](const Resources& r) { return member(r.memory, &spec::Memory::use_hierarchy) == false; },
     "memory is always counted with that of sub-cgroups (since Linux 5.11)"},
    {"blockIO.leafWeight", has_leaf_weight,
     "the weight beside sub-cgroups was the CFQ scheduler's, which Linux 5.0 removed"},
};

struct Limit {
  const char* property;
  std::optional<std::int64_t> (*value)(const Resources&);
};
constexpr Limit limits[] = {
    {"memory.limit", [](const Resources& r) { return member(r.memory, &spec::Memory::limit); }},
    {"memory.reservation", [](const Resources& r) { return member(r.memory, &spec::Memory::reservation); }},
    {"memory.swap", [](const Resources& r) { return member(r.memory, &spec::Memory::swap); }},
    {"memory.kernel", [](const Resources& r) { return member(r.memory, &spec::Memory::kernel); }},
    {"memory.kernelTCP", [](const Resources& r) { return member(r.memory, &spec::Memory::kernel_tcp); }},
    {"cpu.quota", [](const Resources& r) { return member(r.cpu, &spec::Cpu::quota); }},
    {"pids.limit", [](const Resources& r) { return member(r.pids, &spec::Pids::limit); }},
};

}  // namespace

Outcome<> check_refusals(std::span<const Refusal> refusals, const Resources& resources) {
  for (const auto& refusal : refusals)
    if (refusal.asked(resources))
      return refuse(fmt::format("linux.resources.{}: {}", refusal.property, refusal.why), ENOTSUP);
  return {};
}

Outcome<> check_common(const Resources& resources) {
  for (const auto& limit : limits)
    if (const auto value = limit.value(resources).value_or(0); value < -1)
      return refuse(
          fmt::format("linux.resources.{}: {}: a limit is positive, or -1 for none", limit.property, value),
          EINVAL);
  return check_refusals(common_refusals, resources);
}

void add_rows(std::span<const Row> rows, const Resources& resources, std::vector<Setting>& settings) {
  for (const auto& row : rows) {
    auto value = row.value(resources);
    if (!value) continue;
    const bool is_default = *value == row.default_value;
    settings.push_back({row.controller, row.file, std::move(*value), is_default, false, {}, {}});
  }
}

}  // namespace lodger::cgroups
