// The parent's half of id-mapped mounts: a user namespace carries the map to the kernel, which applies it to
// a mount that is still detached. mount_setattr(2), "ID-mapped mounts"; user_namespaces(7).
#pragma once
#include <string>
#include <vector>

#include "kernel/mount.hpp"
#include "runtime/rootfs/rootfs.hpp"
#include "spec/idmap.hpp"

namespace lodger::rootfs {

/// The user namespaces of one container's id-mapped mounts, one for each different map. They last as long as
/// a mount or this object refers to them; no process stays in them.
class IdMaps {
 public:
  /// Maps `tree`, a detached copy of what lies at `source`. `doing` begins the text of a failure.
  Outcome<> apply(const Planning& planning, const spec::IdMap& map, const kernel::Fd<kernel::Mount>& tree,
                  const std::string& source, const std::string& doing);

  /// The same map for a tree that init will make: the place of its user namespace in the row.
  Outcome<init::Slot> slot_for(Planning& planning, const spec::IdMap& map, const std::string& doing);

 private:
  using Space = kernel::Fd<kernel::Namespace>;
  struct Known {
    std::string uids, gids;  // as in uid_map and gid_map; both empty: the container's joined namespace
    Space space;
  };
  Outcome<const Space*> space_for(const Planning& planning, const spec::IdMap& map, const std::string& doing);

  std::vector<Known> known_;
};

}  // namespace lodger::rootfs
