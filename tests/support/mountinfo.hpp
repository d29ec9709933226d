// A process's mounts, as proc(5) shows them in /proc/PID/mountinfo.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace support {

/// Paths are as the process sees them.
struct Mount {
  std::string root, point, type, source;
  std::string options;        // of the mount
  std::string super_options;  // of its file system: "rw,size=64k"
  std::string tags;           // the optional fields: "shared:5 master:2"; empty where it is private

  /// Whether the word stands among the mount's own options.
  bool has(std::string_view option) const;
};

/// In the order of the kernel; empty where the process is gone.
std::vector<Mount> mountinfo(pid_t pid);
/// What a path of a mount point shows: the last one there; null where there is none.
const Mount* topmost(const std::vector<Mount>& mounts, std::string_view point);

/// Whether a word stands in a list such as "rw,nosuid".
bool has_option(const std::string& options, std::string_view option);

}  // namespace support
