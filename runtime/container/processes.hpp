// Which processes a container has.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// The pids, as the host numbers them, of all processes of the container's cgroup and of those below it; none
/// for a stopped container. Fails for a container without a cgroup of its own: nothing tells which are its.
Outcome<std::vector<pid_t>> processes(const Store& store, const std::string& id);

}  // namespace lodger::container
