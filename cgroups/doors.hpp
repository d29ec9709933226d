// Ways into a container's cgroup for a process that joins it.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"
#include "kernel/failure.hpp"
#include "kernel/file.hpp"

namespace lodger::cgroups {

/// A folder for CLONE_INTO_CGROUP, and files to each of which the process writes "0": v1's `tasks`.
struct Doors {
  kernel::Fd<kernel::Path> birthplace;  // none on pure v1
  std::vector<kernel::Fd<kernel::File>> tasks;
};

/// A cgroup below the container's.
struct Below {
  std::vector<std::string> controllers;  // for these v1 hierarchies alone; none: for all
  std::string path;                      // clean; empty: the container's own
};
/// "PATH" or "controller[,controller]:PATH", as exec's --cgroup has it.
Outcome<Below> parse_below(std::string_view text);

/// What comes below the container's folder in the cgroup2 tree: "" or "/name".
std::string path_below(const std::vector<Below>& below);

/// Each hierarchy takes the last entry that is for it. Fails where the cgroup is not there, and for a
/// controller that the record has no hierarchy for. A hybrid's cgroup2 tree is nobody's wish: without the
/// cgroup there it stays at the container's own.
Outcome<Doors> open_doors(const Layout& layout, const Record& record, const std::vector<Below>& below = {});

/// cgroup2 takes no process into a cgroup that gives controllers to children (EBUSY, or EOPNOTSUPP for
/// threaded ones): where an init manages cgroups below its own, the way in is the cgroup that it is in,
/// which must not lie outside of the container's.
Outcome<Doors> open_doors_of(const Layout& layout, const Record& record, pid_t pid);

}  // namespace lodger::cgroups
