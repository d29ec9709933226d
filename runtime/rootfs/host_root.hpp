// The root of a container that has no mount namespace of its own: a mount in the runtime's, on top of the
// root's folder, with everything of the container on it. It is the one thing of a container that lies in
// the host's mount namespace, and is known by its identity alone: it is removed with what has been mounted on
// it. config-linux.md, "Namespaces"; runtime.md, "Delete".
#pragma once
#include <cstdint>
#include <string>

#include "kernel/failure.hpp"
#include "kernel/file.hpp"
#include "runtime/init/plan.hpp"

namespace lodger::rootfs {

/// What tells a mount from all others, as /proc/PID/mountinfo shows it. The number is the same before and
/// after it is attached, but the kernel gives it again; the source, which names the container and the moment,
/// is never given again, but the mount's copies in peers have it, too.
struct MountIdentity {
  std::uint64_t id = 0;  // 0: there is no such mount
  std::string source;
  std::uint64_t mount_namespace = 0;  // the inode of the one that it is in
};

/// The mount from before it is attached until the container answers for it: destroyed uncommitted, it
/// unmounts.
class HostRoot {
 public:
  HostRoot() = default;
  HostRoot(HostRoot&&) = default;
  HostRoot& operator=(HostRoot&&) = delete;  // nobody needs it, and what was held would have to be unmounted
  ~HostRoot();
  /// For container `id`, detached: empty, and covered whole by the container's root once init has put that
  /// on it.
  static Outcome<HostRoot> make(const std::string& id);
  /// A descriptor of it for init.
  Outcome<kernel::Fd<kernel::Mount>> share() const;
  /// Over the root's folder, unless a container's root is there already, or was when the plan was made
  /// (EBUSY, ESTALE). Done by the parent, and once the
  /// identity is on disk: an init that has outlived the parent can put nothing there any more, since a ground
  /// that was unmounted takes nothing.
  Outcome<> attach(const init::Rootfs& rootfs) const;

  const MountIdentity& identity() const { return identity_; }
  void commit() { ground_ = {}; }

 private:
  kernel::Fd<kernel::Mount> ground_;  // while it is open, no other mount gets the number
  MountIdentity identity_;
};

/// These two refuse (EXDEV) where the mount is in another mount namespace than ours that some process is in;
/// as far as our /proc shows processes, and our root the mounts, none means that namespace and mount are
/// gone.
///
/// What is seen at the mount, wherever its folder has been moved to: itself, or what the container has
/// mounted over it. Nothing when it is not there any more.
Outcome<kernel::Fd<kernel::Path>> open_host_root(const MountIdentity& identity);

/// Takes it out of the host's mount namespace with everything that is mounted on it. No error when it is gone
/// already.
Outcome<> remove_host_root(const MountIdentity& identity);

}  // namespace lodger::rootfs
