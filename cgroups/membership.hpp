// Which cgroup a process is in. Source: cgroups(7), "/proc/pid/cgroup".
#pragma once
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::cgroups {

/// The path in the cgroup2 tree (`hierarchy` is "") or in a v1 hierarchy, by its list of controllers or its
/// name ("name=systemd"); `process` is a pid or "self". "" where the process is in no such hierarchy.
Outcome<std::string> cgroup_of(std::string_view process, std::string_view hierarchy = "");

}  // namespace lodger::cgroups
