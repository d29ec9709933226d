// What a container's state keeps of its cgroup, so that nothing is ever derived a second time.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace lodger::cgroups {

struct Record {
  std::string path;  // as in the configuration, or the default: "/lodger/<id>"
  // Every absolute folder of it, one per hierarchy: the unified one first, then that of v1's freezer, if any.
  std::vector<std::string> folders;
  std::vector<std::string> made;  // those of them, and parents, that lodger made: removed in this order
  bool unified = false;           // folders[0] is a cgroup2 folder
  // systemd's unit, of which this is the cgroup; an empty name: none.
  struct Unit {
    std::string name;
    bool user = false;        // of a user's manager
    std::string folder;       // where systemd itself has it: on cgroup2, else in v1's name=systemd
    std::uint64_t inode = 0;  // of that folder, which tells it from another unit of this name
    bool operator==(const Unit&) const = default;
  } unit;
};

}  // namespace lodger::cgroups
