// cgroup2: which controllers the files of a cgroup come from, and turning them on for it.
#pragma once
#include <string>
#include <vector>

#include "cgroups/folder.hpp"
#include "cgroups/plan.hpp"

namespace lodger::cgroups {

/// Turns on, in each parent of `folder`, all controllers that the parent has: engines read statistics of all
/// of them. One that cannot be turned on is an error only if a setting needs it. Source: cgroup-v2.rst,
/// "Controlling Controllers".
Outcome<> enable_controllers(const std::string& mount, const std::string& path, const Folder& folder,
                             const std::vector<Setting>& settings);

/// Whether the root of the tree has what the settings need. Turns nothing on.
Outcome<> check_available(const std::string& mount, const std::string& path,
                          const std::vector<Setting>& settings);

}  // namespace lodger::cgroups
