// Mount options: one table for the mount path, `lodger features` and the documentation.
// Source: runtime-spec 1.3, config.md, "Linux mount options"; mount(2), mount_setattr(2).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/mount.hpp"

namespace lodger::spec {

/// What the options of one mount come to. Later options win over earlier ones.
struct MountFlags {
  std::uint64_t attr_set = 0, attr_clr = 0;  // MOUNT_ATTR_* of the mount itself
  std::uint64_t implied_clr = 0;             // of a bind mount: what its source may have, and nobody named
  std::uint64_t rec_attr_set = 0, rec_attr_clr = 0;  // the same for the whole tree (rro, rnosuid, ...)
  std::uint64_t super_set = 0, super_clr = 0;  // MS_* of the superblock: RDONLY, SYNCHRONOUS, DIRSYNC, ...
  std::uint64_t propagation = 0;               // MS_SHARED, _SLAVE, _PRIVATE or _UNBINDABLE; 0: none
  bool propagation_recursive = false;
  bool bind = false, recursive_bind = false, remount = false, copy_up = false, idmap = false,
       recursive_idmap = false;
  bool copy_symlink = false;                                   // a source that is a symlink is copied
  bool source_nofollow = false, destination_nofollow = false;  // a symlink itself is meant
  std::optional<std::string> id_map_text;                      // of "idmap=...": idmap.hpp reads it
  bool binds() const { return bind || recursive_bind; }
  std::vector<std::string> data;  // what the table does not know: "size=64k", "newinstance"
};

/// Sorts one mount's options by the table.
MountFlags mount_flags(const Mount& mount);

/// All option names that the table knows, sorted: `features` prints them.
std::vector<std::string_view> mount_option_names();

}  // namespace lodger::spec
