// The sockets' policy in force: programs in the kernel, on the container's cgroup2 folder.
#pragma once
#include <cstdint>
#include <span>
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
  std::vector<std::uint32_t> ids_;
};

/// Rules that this kernel has taken: it has checked their programs, which are in force nowhere yet.
class Policy {
 public:
  Policy() = default;
  /// Without rules it costs nothing. Fails with EPERM where the caller may not load programs.
  static Outcome<Policy> load(const Rules& rules);

  bool empty() const { return loaded_.empty(); }
  /// The programs' numbers in the kernel, which no others get as long as these are in force.
  const std::vector<std::uint32_t>& ids() const { return ids_; }
  /// Onto a cgroup2 folder. What lodger left on one that was there before (not `fresh`) is taken
  /// off; programs of others stay, and a socket must pass them all. `cgroup` names it in messages.
  Outcome<Attached> attach(int folder, bool fresh, std::string_view cgroup) const;

 private:
  struct Loaded {
    Hook hook;
    kernel::Fd<kernel::Program> program;
  };
  std::vector<Loaded> loaded_;
  std::vector<std::uint32_t> ids_;
};

/// Takes these programs off a folder, as far as they are on it.
Outcome<> detach(int folder, std::span<const std::uint32_t> ids, std::string_view cgroup);
/// Takes whatever lodger has left on a folder off it.
Outcome<> detach_all(int folder, std::string_view cgroup);

}  // namespace lodger::netmode::policy
