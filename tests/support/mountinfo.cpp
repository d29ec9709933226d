#include "mountinfo.hpp"

#include <algorithm>

#include "files.hpp"
#include "text.hpp"

namespace support {

bool has_option(const std::string& options, std::string_view option) {
  return ("," + options + ",").find("," + std::string(option) + ",") != std::string::npos;
}

bool Mount::has(std::string_view option) const { return has_option(options, option); }

std::vector<Mount> mountinfo(pid_t pid) {
  // proc(5): "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
  std::vector<Mount> mounts;
  for (const auto& line : lines(read_file("/proc/" + std::to_string(pid) + "/mountinfo"))) {
    const auto fields = words(line);
    std::size_t dash = 6;
    while (dash < fields.size() && fields[dash] != "-") ++dash;
    if (dash + 3 >= fields.size()) continue;
    Mount mount{.root = fields[3], .point = fields[4], .type = fields[dash + 1], .source = fields[dash + 2]};
    mount.options = fields[5];
    mount.super_options = fields[dash + 3];
    for (std::size_t i = 6; i < dash; ++i) mount.tags += (i == 6 ? "" : " ") + fields[i];
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

const Mount* topmost(const std::vector<Mount>& mounts, std::string_view point) {
  const auto found =
      std::find_if(mounts.rbegin(), mounts.rend(), [&](const Mount& m) { return m.point == point; });
  return found == mounts.rend() ? nullptr : &*found;
}

}  // namespace support
