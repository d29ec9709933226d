// What a container's state keeps of its cgroup, so that nothing is ever derived a second time.
#pragma once
#include <string>
#include <vector>

namespace lodger::cgroups {

struct Record {
  std::string path;  // as in the configuration, or the default: "/lodger/<id>"
  // Every absolute folder of it, one per hierarchy: the unified one first, then that of v1's freezer, if any.
  std::vector<std::string> folders;
  std::vector<std::string> made;  // those of them, and parents, that lodger made: removed in this order
  bool unified = false;           // folders[0] is a cgroup2 folder
  std::string unit;               // systemd's, of which this is the cgroup; empty: none
  bool user_unit = false;         // of a user's manager
};

}  // namespace lodger::cgroups
