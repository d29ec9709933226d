// What systemd is told of a container's limits, so that they are still there when it writes its units'
// cgroups anew ("systemctl daemon-reload"). Pure.
//
// The source is the list of settings that goes into the files as well: a conversion is made once, and
// `unified` is covered where systemd knows the file. What it does not know stands in the files alone, which a
// unit with Delegate= leaves alone, too. On cgroup2 that goes for devices: the program on the cgroup stays.
// On v1 systemd would open all of them again, and is given the rules. Source: systemd.resource-control(5);
// org.freedesktop.systemd1(5).
#pragma once
#include <string_view>
#include <vector>

#include "cgroups/plan.hpp"
#include "cgroups/systemd/unit.hpp"

namespace lodger::cgroups::systemd {

/// The limits. `proc_devices` is the text of /proc/devices, which v1's device rules need (device_allow.hpp).
std::vector<Property> limits_of(const std::vector<Setting>& settings, std::string_view proc_devices = "");

/// What makes `unit` the scope of `pid`, limits included. A property of an annotation stands before lodger's.
std::vector<Property> scope_of(const Unit& unit, pid_t pid, std::vector<Property> limits);

}  // namespace lodger::cgroups::systemd
