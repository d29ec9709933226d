// What is a container's: processes, and the marks by which the kernel tells whose a socket is.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

struct Members {
  std::string id;
  std::vector<pid_t> processes;        // sorted
  std::vector<std::uint64_t> cgroups;  // ids of its cgroup2 folder and those below it; none on v1
  std::vector<pid_t> companions;       // of all_members() alone: its proxy, its relay
};

/// By the cgroup. A container without one of its own has the processes that descend from its own process, and
/// those of its pid namespace, where that is its: what exec brought in.
Outcome<Members> members(const Record& record);

/// Those of every container of the store that lives, or is being made and has a proxy or relay that holds
/// ports for it. One whose state cannot be read is left out: `list` tells of it.
Outcome<std::vector<Members>> all_members(const Store& store);

}  // namespace lodger::container
