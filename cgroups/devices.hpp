// Device rules: who may open or make which device node. Pure.
// Source: runtime-spec 1.3, config-linux.md, "Allowed Device list"; cgroup-v1/devices.rst of the kernel.
//
// The one meaning that both versions get: nothing is allowed at first, and each kind of access (read, write,
// mknod) to a device is decided by the last rule that speaks of it.
#pragma once
#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cgroups/plan.hpp"

namespace lodger::cgroups {

/// A checked rule. -1: all numbers.
struct DeviceMatch {
  bool allow = false;
  char type = 'a';  // 'a' both, 'b', 'c'
  std::int64_t major = -1, minor = -1;
  unsigned access = 0;  // of BPF_DEVCG_ACC_MKNOD, _READ, _WRITE
};

inline constexpr unsigned all_access = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

/// A rule for every access to every device: whatever stands before it never counts.
constexpr bool is_total(const DeviceMatch& m) {
  return m.type == 'a' && m.major < 0 && m.minor < 0 && m.access == all_access;
}

/// The configuration's rules and, behind them so that no rule can take them away, those of the devices that
/// every container has. No rules stay none: a configuration that says nothing about devices restricts
/// nothing, and the new cgroup has what its parent has.
Outcome<std::vector<DeviceMatch>> device_rules(const std::vector<spec::DeviceRule>& rules);

/// For v1, whose state is a default and a list of exceptions: the fewest writes that lead there. Refuses what
/// that cannot express, an exception from an exception, where the kernel would do nothing and say nothing.
Outcome<std::vector<Setting>> device_settings(const std::vector<DeviceMatch>& rules);

/// The same for a cgroup that has rules already, from its devices.list: where both are lists of what is
/// allowed, what differs alone, so that what stays allowed is not refused for a moment.
std::vector<Setting> device_changes(std::string_view list, std::vector<Setting> settings);

/// For v2: a BPF_PROG_TYPE_CGROUP_DEVICE program, which returns 1 to allow and 0 to deny. Empty where
/// everything is allowed.
std::vector<bpf_insn> device_program(std::span<const DeviceMatch> rules);

}  // namespace lodger::cgroups
