// A container's cgroup after its making, from the record that its state keeps. A cgroup that is gone has no
// processes, is not frozen, and counts as signalled and removed.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"
#include "kernel/failure.hpp"
#include "spec/resources.hpp"

namespace lodger::cgroups {

/// All processes in it and below it, each once, sorted.
Outcome<std::vector<pid_t>> processes(const Record& record);

/// The kernel's ids of its cgroup2 folder and of those below it, by which sockets are told apart; none where
/// it has no such folder. An id is the folder's inode (kernfs, on 64 bits).
Outcome<std::vector<std::uint64_t>> unified_ids(const Record& record);

/// Whether its own freezer holds it, or is about to: not that of a parent, which whoever froze that will
/// thaw.
Outcome<bool> frozen(const Record& record);
/// Return once it is so. freeze() gives up after 10 s, when a process hangs in the kernel, and thaws again.
Outcome<> freeze(const Record& record);
Outcome<> thaw(const Record& record);

/// Sends a signal to all of it, which the freezer holds meanwhile, so that nobody gets away by a fork.
/// SIGKILL goes by cgroup.kill where there is one, else in a loop until no process is left. A frozen cgroup
/// is thawed then: v1's would not let it die.
Outcome<> signal(const Record& record, int signal);

/// Ends the unit, where systemd has one, and removes the folders that lodger made, sub-cgroups included,
/// retrying only while they are busy; never touches one that it did not make.
Outcome<> remove(const Record& record);

/// New limits and device rules for a container that has its cgroup; what `resources` leaves out stays. When
/// one cannot be set, those set before it get their former values again. The cgroup itself is the only memory
/// of them: what a later update needs (cpu.max's other half, the limit beside memory.swap) it reads there.
Outcome<> update(const Layout& layout, const Record& record, const spec::Resources& resources);

}  // namespace lodger::cgroups
