// v1's cpuset, whose new cgroups have neither processors nor memory, and take no process until they do.
#pragma once
#include <string>

#include "cgroups/folder.hpp"

namespace lodger::cgroups {

/// Copies cpuset.cpus and cpuset.mems down from the parents wherever they are empty, the cgroup's own
/// included. Source: cgroup-v1/cpusets.rst.
Outcome<> inherit_cpuset(const std::string& mount, const std::string& path, const Folder& folder);

}  // namespace lodger::cgroups
