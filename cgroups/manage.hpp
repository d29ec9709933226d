// A container's cgroup after its making, from the record that its state keeps.
#pragma once
#include <sys/types.h>

#include <vector>

#include "cgroups/record.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups {

/// All processes in it and below it, each once.
Outcome<std::vector<pid_t>> processes(const Record& record);
/// Whether the freezer holds it (v1 freezer.state, v2 cgroup.freeze).
Outcome<bool> frozen(const Record& record);
Outcome<> freeze(const Record& record);
Outcome<> thaw(const Record& record);
/// Sends a signal to all of it. SIGKILL goes by cgroup.kill where there is one, else in a loop until no
/// process is left, with the freezer against fork races.
Outcome<> signal(const Record& record, int signal);
/// Removes the folders that lodger made, sub-cgroups included, retrying only while they are busy; never
/// touches one that it did not make.
Outcome<> remove(const Record& record);

}  // namespace lodger::cgroups
