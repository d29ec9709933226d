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

/// A scope that is there.
struct Scope {
  std::string path;  // of its cgroup, in every hierarchy
  Record::Unit record;
};

/// Has systemd make the unit with `pid` in it, and the limits that it has properties for.
Outcome<Scope> start_scope(Manager& manager, const Unit& unit, pid_t pid, const Layout& layout,
                           const std::vector<Setting>& settings);

/// Whether systemd makes a unit's folder in a v1 hierarchy. The others are left to us.
bool has_hierarchy(const Hierarchy& hierarchy);

/// Whether the unit has ended and another has taken its name, and with it the cgroup's path.
bool is_another(const Record& record);

/// What systemd keeps of new settings; nothing for a record without a unit.
Outcome<> update_scope(const Record& record, const std::vector<Setting>& settings);

/// Moves a process that was born elsewhere into `folder`, which is the unit's or below it: for a user who may
/// not move it himself. Source: cgroups(7), "Cgroups v2 delegation": the common ancestor is not his.
Outcome<> adopt(const Record& record, const std::string& folder, pid_t pid);

/// Ends the unit, whose processes are gone; nothing for a record without one, and for one that systemd has
/// ended by itself. The folders that systemd knows go with it.
Outcome<> stop_scope(const Record& record);

}  // namespace lodger::cgroups::systemd
