// The mounts that make a container's root filesystem, as containerd hands them to a shim: in the host's mount
// namespace, at <bundle>/rootfs, where containerd's users look for it. mount(2).
#pragma once
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/shim/wire/task.hpp"

namespace lodger::shim {

/// Undone by the destructor unless committed.
class RootMounts {
 public:
  /// In order, each at `target` or at its own target in what is mounted there by then. Makes the folder.
  /// Fails on a type that only containerd itself could mount.
  static Outcome<RootMounts> make(const std::vector<wire::Mount>& mounts, const std::string& target);
  RootMounts(RootMounts&& other) noexcept : target_(std::exchange(other.target_, {})) {}
  RootMounts& operator=(RootMounts&&) = delete;
  ~RootMounts();
  void commit() { target_.clear(); }

 private:
  explicit RootMounts(std::string target) : target_(std::move(target)) {}
  std::string target_;
};

/// Everything that is mounted there, with what is mounted below. Nothing to do where nothing is.
Outcome<> unmount_all(const std::string& target);

}  // namespace lodger::shim
