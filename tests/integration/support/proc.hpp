// A process as /proc shows it from outside.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace lodger::test {

/// The identity of a namespace: "net:[4026531840]"; `name` as in /proc/PID/ns.
std::string ns_id(pid_t pid, const std::string& name);
/// One line of /proc/PID/status; empty where there is none.
std::string proc_status(pid_t pid, const std::string& name);

/// One line of /proc/PID/mountinfo: see proc(5). Paths are as the process sees them.
struct MountLine {
  std::string root, point, options, tags, type, source, super_options;
  /// Whether `option` is one of the mount's own options.
  bool has(const std::string& option) const;
};
std::vector<MountLine> mountinfo(pid_t pid);
/// The topmost mount at `point`; fails the test where there is none.
MountLine mount_at(pid_t pid, const std::string& point);

}  // namespace lodger::test
