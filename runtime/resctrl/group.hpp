// linux.intelRdt: the container's class of service, a folder of the resctrl filesystem, and its monitoring
// group. Source: runtime-spec 1.3, config-linux.md, "IntelRdt"; Documentation/filesystems/resctrl.rst.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/result.hpp"
#include "spec/linux.hpp"

namespace lodger::resctrl {

/// What a container's state keeps. Empty: intelRdt is not set, and nothing of resctrl is touched.
struct Record {
  std::string group;    // the folder whose `tasks` its processes are in
  std::string monitor;  // its monitoring group, lodger's to remove; empty: none
  bool made = false;    // the group is the container's alone, and goes with it
};

/// The mounted filesystem. Making a folder brings its files into being, and removing it takes them along:
/// tests on another filesystem bring both of their own.
struct Filesystem {
  std::string mount;
  kernel::Result<> (*make)(const std::string& folder);
  kernel::Result<> (*remove)(const std::string& folder);
};

/// By the mounts of this process. Fails where it is not mounted.
Outcome<Filesystem> find_filesystem();

/// What can be refused before anything is made: a class that must be there and is not, or gives something
/// else; a resource that the machine does not share out; monitoring that it does not do.
Outcome<> check(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id);
/// The same on this machine, and nothing without intelRdt.
Outcome<> check(const spec::Linux& linux_object, const std::string& id);

/// A class being taken. What was made or written is undone by the destructor until commit(); a class that has
/// got processes meanwhile stays.
class Group {
 public:
  Group() = default;
  /// What a making that is cut short may leave.
  static Record intended(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id);
  /// The folder, as far as it is not there, its shares, and the monitoring group. `filesystem` is copied.
  static Outcome<Group> make(const Filesystem& filesystem, const spec::IntelRdt& rdt, const std::string& id);

  const Record& record() const { return record_; }
  void commit() { ours_ = false; }

  Group(Group&& other) noexcept;
  Group& operator=(Group&& other) noexcept;
  ~Group();

 private:
  Outcome<> write(const spec::IntelRdt& rdt);

  Filesystem filesystem_{};
  Record record_;
  bool made_ = false;   // by this object, with or without closID
  std::string former_;  // the shares that a class had which was there before; empty: left as they were
  bool ours_ = false;
};

/// Puts a process in, whose later children follow by themselves. Without a group nothing.
Outcome<> add(const Record& record, pid_t pid);

/// New shares for a container that has a group; gives the text of the former ones, for restore(). Without
/// shares nothing.
Outcome<std::string> update(const Record& record, const spec::IntelRdt& shares);
void restore(const Record& record, const std::string& former);

/// Removes what is the container's alone. What is gone is removed.
Outcome<> remove(const Record& record);

}  // namespace lodger::resctrl
