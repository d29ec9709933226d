// A process's mounts, as proc(5) shows them in /proc/PID/mountinfo.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/mountinfo.hpp"

namespace conformance {

struct Machine;

/// Its `options` are the mount's, then its file system's: the specification does not tell them apart.
using support::Mount;

/// In the order of the kernel; empty where the process is gone.
std::vector<Mount> mounts_of(pid_t pid);

/// What a path of a mount point shows: the last one there. Its `point` is empty where there is none.
Mount mount_at(pid_t pid, std::string_view point);

/// Whether the kernel can map the owners of what lies there: mount_setattr(2), "ID-mapped mounts".
bool can_map_owners(const Machine& machine, const std::string& folder);

}  // namespace conformance
