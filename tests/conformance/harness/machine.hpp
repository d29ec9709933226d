// The machine that the cases run on, looked at once, and the usual needs of cases.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "case.hpp"

namespace conformance {

/// One mounted cgroup hierarchy.
struct Hierarchy {
  std::string path;                      // where it is mounted
  std::vector<std::string> controllers;  // v1: of the mount; v2: those that the root can hand down
  bool v2 = false;
};

struct Machine {
  uid_t uid = 0;
  int kernel_major = 0, kernel_minor = 0;
  std::vector<Hierarchy> cgroups;
  std::vector<std::string> filesystems;  // /proc/filesystems

  bool root() const { return uid == 0; }
  bool kernel(int major, int minor) const;
  bool filesystem(std::string_view type) const;
  /// The hierarchy that has the controller; nullptr where none has.
  const Hierarchy* controller(std::string_view name) const;
  /// True where only the unified hierarchy is mounted.
  bool unified() const;
};

/// Looks at this machine.
Machine observe();

namespace needs {

inline constexpr Need root{"root", [](const Machine& m) { return m.root(); }};
/// "a kernel of at least MAJOR.MINOR"; the text is the caller's, since a template cannot make one.
template <int Major, int Minor>
inline constexpr bool (*since)(const Machine&) = [](const Machine& m) { return m.kernel(Major, Minor); };

inline constexpr Need kernel_5_6{"Linux 5.6", since<5, 6>};
inline constexpr Need kernel_5_10{"Linux 5.10", since<5, 10>};
inline constexpr Need kernel_5_12{"Linux 5.12", since<5, 12>};
inline constexpr Need kernel_5_19{"Linux 5.19", since<5, 19>};

inline constexpr Need cgroup_v1{"cgroup v1 controllers", [](const Machine& m) { return !m.unified(); }};
inline constexpr Need cgroup_v2{"cgroup v2 alone", [](const Machine& m) { return m.unified(); }};
inline constexpr Need memory{"the memory controller",
                             [](const Machine& m) { return m.controller("memory") != nullptr; }};
inline constexpr Need pids{"the pids controller",
                           [](const Machine& m) { return m.controller("pids") != nullptr; }};
inline constexpr Need cpu{"the cpu controller",
                          [](const Machine& m) { return m.controller("cpu") != nullptr; }};
inline constexpr Need cpuset{"the cpuset controller",
                             [](const Machine& m) { return m.controller("cpuset") != nullptr; }};
inline constexpr Need devices_v1{"the devices controller",
                                 [](const Machine& m) { return m.controller("devices") != nullptr; }};
/// cgroup v1's controller, or the programs of cgroup2, which every kernel with it has.
inline constexpr Need device_rules{"the devices controller or cgroup v2 alone", [](const Machine& m) {
                                     return m.unified() || m.controller("devices") != nullptr;
                                   }};
inline constexpr Need hugetlb{"the hugetlb controller",
                              [](const Machine& m) { return m.controller("hugetlb") != nullptr; }};

}  // namespace needs

}  // namespace conformance
