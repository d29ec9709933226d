// The parent's half of id-mapped mounts: a user namespace carries the map to the kernel, which applies it to
// a mount that is still detached. mount_setattr(2), "ID-mapped mounts"; user_namespaces(7).
#pragma once
#include <string>
#include <vector>

#include "kernel/mount.hpp"
#include "runtime/rootfs/rootfs.hpp"
#include "spec/idmap.hpp"

namespace lodger::rootfs {

/// A user namespace that carries the map's own lines. It lasts as long as the descriptor or a mount refers to
/// it; no process stays in it. `doing` begins the text of a failure, here and below.
Outcome<kernel::Fd<kernel::Namespace>> make_space(const spec::IdMap& map, const std::string& doing);

/// Maps `tree`, a detached copy of what lies at `source`, as `space` maps ids; with all that is mounted in it
/// where `recursive` is set.
Outcome<> map_tree(const kernel::Fd<kernel::Namespace>& space, bool recursive,
                   const kernel::Fd<kernel::Mount>& tree, const std::string& source,
                   const std::string& doing);

/// The user namespaces of one container's id-mapped mounts, one for each different map.
class IdMaps {
 public:
  /// map_tree() with the namespace of this map.
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
