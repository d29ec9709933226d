// The part of a machine's hierarchies that serves one container: an ordinary user has a cgroup only where one
// is delegated, which on v1 is a matter of each hierarchy. cgroups(7), "Cgroups v1", "Cgroups delegation".
#pragma once
#include <string>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"

namespace lodger::cgroups {

/// Leaves out the hierarchies, the cgroup2 tree beside v1's among them, in which the caller may not make
/// `path`: settings that need one of those are refused as on a machine without it. Where it may be made
/// nowhere nothing is left out, and making it tells why. Nothing on v2, and for an empty path.
void leave_out_closed(Layout& layout, const std::string& path);

/// This machine's layout, without the hierarchies that the record has no folder in. Fails as detect().
Outcome<Layout> detect_for(const Record& record, const Roots& roots = {});

}  // namespace lodger::cgroups
