// Which cgroup hierarchies this machine has and where they are mounted. Source: cgroups(7).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/filesystem.hpp"

namespace lodger::cgroups {

enum class Kind : std::uint8_t {
  v1,      // v1 hierarchies alone
  hybrid,  // v1 hierarchies with the controllers, and a cgroup2 tree
  v2,      // one cgroup2 tree
};

/// One v1 hierarchy.
struct Hierarchy {
  std::string folder;                    // where it is mounted: "/sys/fs/cgroup/memory"
  std::vector<std::string> controllers;  // all that are mounted together; "name=systemd" for one without any

  bool has(std::string_view controller) const;
};

struct Layout {
  Kind kind = Kind::v2;
  std::string unified;                 // where cgroup2 is mounted; empty: nowhere
  std::vector<Hierarchy> hierarchies;  // the freezer's first, else in the kernel's order; empty on v2
};

/// Where to look. Tests bring a tree of their own.
struct Roots {
  std::string mount = "/sys/fs/cgroup";
  std::string membership = "/proc/self/cgroup";
  std::string mountinfo = "/proc/self/mountinfo";
  kernel::Result<long> (*filesystem_type)(const char* path) = kernel::filesystem_type;
};

/// On v2 one system call; else one read of `membership` and a statfs(2) per hierarchy. `mountinfo` is read
/// only for a hierarchy that is not at its usual place; one that is mounted nowhere is left out. Fails where
/// no cgroup filesystem is mounted at all.
Outcome<Layout> detect(const Roots& roots = {});

}  // namespace lodger::cgroups
