// The sockets' policy in force: programs in the kernel, on the container's cgroup2 folder.
#pragma once
#include <string_view>
#include <vector>

#include "kernel/fd.hpp"
#include "netmode/policy/programs.hpp"

namespace lodger::netmode::policy {

/// Programs in force. On a folder that was there before lodger they are taken off by the destructor, until
/// commit(); on one of our making they go with it.
class Attached {
 public:
  Attached() = default;
  void commit() { foreign_folder_ = {}; }

  Attached(Attached&&) = default;
  Attached& operator=(Attached&& other) noexcept;
  ~Attached();

 private:
  friend class Policy;
  kernel::Fd<kernel::Path> foreign_folder_;
};

/// Rules that this kernel has taken: it has checked their programs, which are in force nowhere yet.
class Policy {
 public:
  Policy() = default;
  /// Without rules it costs nothing. Fails with EPERM where the caller may not load programs.
  static Outcome<Policy> load(const Rules& rules);

  bool empty() const { return loaded_.empty(); }
  /// Onto a cgroup2 folder. What lodger left on one that was there before (not `fresh`) is taken
  /// off; programs of others stay, and a socket must pass them all. `cgroup` names it in messages.
  Outcome<Attached> attach(int folder, bool fresh, std::string_view cgroup) const;

 private:
  struct Loaded {
    Hook hook;
    kernel::Fd<kernel::Program> program;
  };
  std::vector<Loaded> loaded_;
};

/// Takes lodger's programs off a folder.
Outcome<> detach(int folder, std::string_view cgroup);

}  // namespace lodger::netmode::policy
