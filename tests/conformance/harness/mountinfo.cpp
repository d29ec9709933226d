#include "mountinfo.hpp"

#include <linux/magic.h>
#include <sys/statfs.h>

#include "machine.hpp"

namespace conformance {

std::vector<Mount> mounts_of(pid_t pid) {
  auto mounts = support::mountinfo(pid);
  for (auto& mount : mounts) mount.options += "," + mount.super_options;
  return mounts;
}

Mount mount_at(pid_t pid, std::string_view point) {
  const auto mounts = mounts_of(pid);
  const Mount* found = support::topmost(mounts, point);
  return found != nullptr ? *found : Mount{};
}

bool can_map_owners(const Machine& machine, const std::string& folder) {
  struct statfs fs {};
  if (statfs(folder.c_str(), &fs) < 0) return false;
  switch (static_cast<unsigned long>(fs.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC: return machine.kernel(5, 12);
    case BTRFS_SUPER_MAGIC: return machine.kernel(5, 15);
    case TMPFS_MAGIC: return machine.kernel(6, 3);
    default: return false;
  }
}

}  // namespace conformance
