// Going into a cgroup that somebody else made. Source: cgroups(7), "Moving a process", "cgroup.procs".
#pragma once
#include <string_view>

#include "cgroups/layout.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups {

/// Moves the calling process, with all its threads, into the cgroup at `path`: in each hierarchy that has it,
/// the cgroup2 tree beside v1's included; in the others it stays. Fails where none has it, before anything is
/// done where one cannot be written to; a hierarchy's own refusal comes in the midst.
Outcome<> join(const Layout& layout, std::string_view path);

}  // namespace lodger::cgroups
