// The runtime's own mounts, and another mount namespace's. proc_pid_mountinfo(5). Read only for rare wishes:
// it grows with the host.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/fd.hpp"

namespace lodger::rootfs {

struct HostMount {
  std::string root, place, type, source;
  std::uint64_t id = 0, parent = 0;
};

/// Pure: the lines of a mountinfo file, octal escapes undone; lines that are not of its form are left out.
std::vector<HostMount> parse_mountinfo(std::string_view text);
Outcome<std::vector<HostMount>> read_mountinfo();
/// Those of another mount namespace, seen from its own root, whatever its processes have as theirs. EPERM for
/// who is not root over it. Not for a thread beside others (kernel/open_away.hpp): a shim, which has some, is
/// in the mount namespace of all its containers.
Outcome<std::vector<HostMount>> read_mountinfo_of(const kernel::Fd<kernel::Namespace>& mounts,
                                                  const std::string& doing);

/// The place of the mount that `path` (absolute, canonical) lies on; "/" where no longer one fits.
std::string mount_that_holds(const std::vector<HostMount>& mounts, std::string_view path);

}  // namespace lodger::rootfs
