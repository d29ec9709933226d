// v1's device rules as systemd has them. Pure. Source: systemd.resource-control(5), "DeviceAllow=".
#pragma once
#include <string_view>
#include <vector>

#include "cgroups/plan.hpp"
#include "cgroups/systemd/value.hpp"

namespace lodger::cgroups::systemd {

/// DevicePolicy= and DeviceAllow= for those of `settings` that are writes to devices.allow and devices.deny;
/// none without any. A cgroup that allows all but some is told to systemd as one that allows all. A rule for
/// one minor of all majors, and for a major that is not in `proc_devices` (the text of /proc/devices), has no
/// word in systemd: it is left out, which is the safe side.
std::vector<Property> device_policy(const std::vector<Setting>& settings, std::string_view proc_devices);

}  // namespace lodger::cgroups::systemd
