// Where a container's cgroup lies, and whether it gets one at all.
#pragma once
#include "cgroups/cgroup.hpp"
#include "runtime/container/lifecycle.hpp"
#include "runtime/plan/caller.hpp"
#include "spec/config.hpp"

namespace lodger::container {

/// --rootless, or what the caller is.
bool is_rootless(const CreateRequest& request, const plan::Caller& caller);

/// cgroupsPath, or by default /lodger/<id>, absolute on every hierarchy. Rootless, on v2 by default
/// lodger-<id> below the own cgroup, which may be delegated; empty, for a container without a cgroup, where
/// nothing can be made. A cgroupsPath is cleaned (cgroups::clean_path), and a wish: whether it can be made
/// shows at its making. With --systemd-cgroup it names a unit, of the machine's systemd for root of the host,
/// of the caller's own for anybody else.
Outcome<cgroups::Place> cgroup_place(const CreateRequest& request, const spec::Config& config,
                                     const cgroups::Layout& layout, const plan::Caller& caller);

}  // namespace lodger::container
