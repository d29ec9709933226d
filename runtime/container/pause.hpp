// Pausing and resuming containers by their cgroup's freezer. Not part of the runtime-spec: runc-pause(8),
// runc-resume(8).
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// Returns once every process of the container stands still. Fails with "container not running" unless it is
/// created or running, and where it has no freezer; a process that will not stop within 10 s leaves all of
/// them running.
Outcome<> pause(const Store& store, const std::string& id);

/// Returns once they go on. Fails with "container not paused".
Outcome<> resume(const Store& store, const std::string& id);

}  // namespace lodger::container
