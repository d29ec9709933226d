// Being told when a cgroup runs out of memory.
#pragma once
#include <string>

#include "cgroups/layout.hpp"
#include "cgroups/record.hpp"
#include "kernel/failure.hpp"
#include "kernel/file.hpp"

namespace lodger::cgroups {

/// v1: an eventfd on memory.oom_control (cgroup-v1/memory.rst, "OOM Control"). cgroup2: inotify on
/// memory.events (cgroup-v2.rst, "memory.events").
class OomWatch {
 public:
  /// Watches from here on. Without the memory controller there is nothing to watch, and fd() is -1.
  static Outcome<OomWatch> open(const Layout& layout, const Record& record);

  /// Readable when something may have happened: for poll(2).
  int fd() const { return events_.get(); }
  /// Takes what has happened since the last call; whether memory ran out. False once the cgroup is gone,
  /// whose end v1's kernel tells as an event as well.
  bool take();

 private:
  Outcome<> watch_v1(const std::string& folder);
  Outcome<> watch_v2(const std::string& folder);

  kernel::Fd<kernel::File> events_, control_;
  std::string file_;
  bool v1_ = false;
  std::uint64_t kills_ = 0;
};

}  // namespace lodger::cgroups
