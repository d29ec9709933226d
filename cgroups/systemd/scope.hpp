// A container's scope: made around its process, changed, and stopped.
#pragma once
#include <string>
#include <vector>

#include "cgroups/layout.hpp"
#include "cgroups/plan.hpp"
#include "cgroups/record.hpp"
#include "cgroups/systemd/manager.hpp"
#include "cgroups/systemd/unit.hpp"

namespace lodger::cgroups::systemd {

/// Has systemd make the unit with `pid` in it, and the limits that it has properties for. Gives the cgroup
/// that the process is in now.
Outcome<std::string> start_scope(Manager& manager, const Unit& unit, pid_t pid, const Layout& layout,
                                 const std::vector<Setting>& settings);

/// What systemd keeps of new settings; nothing for a record without a unit.
Outcome<> update_scope(const Record& record, const std::vector<Setting>& settings);

/// Moves a process that was born elsewhere into the unit's cgroup, or into `below` the container's: for a
/// user who may not move it himself. Source: cgroups(7), "Cgroups v2 delegation": the common ancestor is not
/// his.
Outcome<> adopt(const Record& record, const std::string& below, pid_t pid);

/// Ends the unit, whose processes are gone; nothing for a record without one. The folders that systemd knows
/// go with it.
Outcome<> stop_scope(const Record& record);

}  // namespace lodger::cgroups::systemd
