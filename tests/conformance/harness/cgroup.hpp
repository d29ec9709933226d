// Cgroups that a case makes itself, below those of its run, which are removed with them.
#pragma once
#include <string>

#include "machine.hpp"

namespace conformance {

/// Makes the folder and those above it. In cgroup v2 each folder above hands the controller down, without
/// which there would be none of its files (cgroups(7), "Cgroups v2 cgroup.subtree_control").
void make_cgroup(const Hierarchy& hierarchy, const std::string& path, const std::string& controller);

}  // namespace conformance
