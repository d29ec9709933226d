#include "mountinfo.hpp"

#include <linux/magic.h>
#include <sys/statfs.h>

#include "facts.hpp"
#include "files.hpp"
#include "machine.hpp"

namespace conformance {

bool Mount::has(std::string_view option) const {
  const std::string all = "," + options + ",";
  return all.find("," + std::string(option) + ",") != std::string::npos;
}

std::vector<Mount> mounts_of(pid_t pid) {
  // proc(5): "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
  std::vector<Mount> mounts;
  for (const auto& line : lines(read_file("/proc/" + std::to_string(pid) + "/mountinfo"))) {
    const auto fields = words(line);
    std::size_t dash = 6;
    while (dash < fields.size() && fields[dash] != "-") ++dash;
    if (dash + 3 >= fields.size()) continue;
    Mount mount{.point = fields[4], .type = fields[dash + 1], .source = fields[dash + 2]};
    mount.options = fields[5] + "," + fields[dash + 3];
    for (std::size_t i = 6; i < dash; ++i) mount.tags += (i == 6 ? "" : " ") + fields[i];
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Mount mount_at(pid_t pid, std::string_view point) {
  Mount found;
  for (auto& mount : mounts_of(pid))
    if (mount.point == point) found = std::move(mount);
  return found;
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
