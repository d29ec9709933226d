// Annotations "org.systemd.property.NAME", as runc and crun take them: properties of the container's unit.
// Pure.
#pragma once
#include <string>
#include <string_view>

#include "cgroups/systemd/value.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups::systemd {

/// The property of the annotation `key`, whose text is in GVariant's format (gvariant.hpp). One that ends
/// with "Sec" is given to systemd in microseconds, as "USec", which is what its interface has:
/// "TimeoutStopSec" of 1 is "TimeoutStopUSec" of 1000000.
Outcome<Property> property_of_annotation(std::string_view key, std::string name, std::string_view text);

}  // namespace lodger::cgroups::systemd
