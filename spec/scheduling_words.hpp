// The words of process.scheduler, process.ioPriority and linux.memoryPolicy. Source: runtime-spec 1.3,
// config.md, "Linux Process", and config-linux.md, "Memory policy"; the numbers are those of
// sched_setattr(2), ioprio_set(2) and set_mempolicy(2). Internal to spec/.
#pragma once
#include <linux/mempolicy.h>
#include <linux/sched.h>

#include <string_view>

#include "kernel/io_priority.hpp"
#include "spec/read.hpp"

namespace lodger::spec {

/// <linux/sched.h> keeps its number free; no released Linux has the policy.
inline constexpr int sched_iso = 4;

inline constexpr Word<int> scheduler_policies[] = {
    {"SCHED_OTHER", SCHED_NORMAL},      {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},       {"SCHED_ISO", sched_iso},   {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
};

inline constexpr Word<std::uint64_t> scheduler_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

inline constexpr Word<int> io_priority_classes[] = {
    {"IOPRIO_CLASS_RT", kernel::ioprio_class_rt},
    {"IOPRIO_CLASS_BE", kernel::ioprio_class_be},
    {"IOPRIO_CLASS_IDLE", kernel::ioprio_class_idle},
};

inline constexpr int mpol_weighted_interleave = 6;  // Linux 6.9

/// Sorted by name, as `features` prints them.
inline constexpr Word<int> memory_policy_modes[] = {
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", MPOL_LOCAL},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
    {"MPOL_WEIGHTED_INTERLEAVE", mpol_weighted_interleave},
};
inline constexpr Word<int> memory_policy_flags[] = {
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
};

/// The name of a number that one of these tables gave.
template <class T, std::size_t N>
constexpr std::string_view name_in(const Word<T> (&table)[N], T meaning) {
  for (const auto& word : table)
    if (word.meaning == meaning) return word.name;
  return "?";
}

}  // namespace lodger::spec
