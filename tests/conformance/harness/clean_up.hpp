// Undoes whatever a case left, in a runtime's place where the runtime fails.
#pragma once
#include <cstddef>

#include "run.hpp"

namespace conformance {

/// Deletes the case's containers, kills every child of this process, removes the case's cgroups, mounts and
/// folder.
void clean_up(const Run& run, std::size_t index);

/// Removes the cgroup folder of the whole run in each hierarchy.
void remove_cgroups(const Run& run, const std::string& below = "");

}  // namespace conformance
