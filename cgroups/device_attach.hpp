// Putting a device program onto a cgroup2 folder.
#pragma once
#include <linux/bpf.h>

#include <span>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::cgroups {

/// Loads and attaches `program`. On a cgroup that was there before (not `fresh`) it takes the place of the
/// program that lodger left on it; programs of others (systemd's, say) stay, and a device must pass them all.
/// An empty program only takes the old one off.
Outcome<> attach_devices(int folder, std::span<const bpf_insn> program, bool fresh, std::string_view cgroup);

}  // namespace lodger::cgroups
