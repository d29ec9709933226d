// What is asked of systemd's manager. Source: org.freedesktop.systemd1(5).
#pragma once
#include <string>
#include <vector>

#include "cgroups/systemd/client/bus.hpp"

namespace lodger::cgroups::systemd {

/// StartTransientUnit() and the end of its job. A failed unit of this name, which nobody tidied up, gives
/// way.
Outcome<> start(const Bus& bus, const std::string& unit, const std::vector<Property>& properties);
/// StopUnit() and the end of its job; a failed unit is forgotten. None of this name: nothing to do.
Outcome<> stop(const Bus& bus, const std::string& unit);
/// SetUnitProperties(), until the machine's next start.
Outcome<> set(const Bus& bus, const std::string& unit, const std::vector<Property>& properties);
/// AttachProcessesToUnit()
Outcome<> attach(const Bus& bus, const std::string& unit, const std::string& below, const std::string& pid);

}  // namespace lodger::cgroups::systemd
