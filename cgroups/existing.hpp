// The folders of a cgroup that is there.
#pragma once
#include <vector>

#include "cgroups/folder.hpp"
#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"

namespace lodger::cgroups {

/// In the order of the layout's hierarchies, as Places wants them; on v2 the one folder. None is `fresh`.
/// Fails where the record has none, and where one is gone.
Outcome<std::vector<Folder>> open_folders(const Layout& layout, const Record& record);

}  // namespace lodger::cgroups
