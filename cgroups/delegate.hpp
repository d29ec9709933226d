// A cgroup that its container may manage: the folder and a few files of it belong to the container's user.
// Source: runtime-spec 1.3, config-linux.md, "Cgroup ownership"; cgroups(7), /sys/kernel/cgroup/delegate.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cgroups/folder.hpp"
#include "spec/config.hpp"

namespace lodger::cgroups {

/// The host's id of process.user.uid, where the configuration hands the cgroup over: a new cgroup namespace,
/// and a cgroup mount at /sys/fs/cgroup that may be written to. None for a user whose host id is not known (a
/// joined user namespace without uidMappings) and where nothing changes (root of the host). On v1 delegation
/// is not secure: that is for the caller to tell apart.
std::optional<std::uint32_t> delegated_owner(const spec::Config& config);

/// Gives the folder, and those of its files that `list` names, to `uid`; files that are missing are left out.
/// Without `list` the three that the specification has. The groups stay.
Outcome<> delegate(const Folder& folder, std::uint32_t uid, const char* list = "/sys/kernel/cgroup/delegate");

}  // namespace lodger::cgroups
