#include "runtime/rootfs/host_root.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "kernel/mount.hpp"
#include "runtime/rootfs/mountinfo.hpp"

namespace lodger::rootfs {
namespace {

constexpr std::string_view making = "making the ground of the container's root";

kernel::Result<kernel::Fd<kernel::Mount>> make_ground(const std::string& source) {
  const auto context = TRY(kernel::fsopen("tmpfs"));
  TRY(kernel::set_string(context, "source", source.c_str()));
  TRY(kernel::create(context));
  return kernel::fsmount(context,
                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

kernel::Result<> unmount(int fd) {
  return kernel::umount(fmt::format("/proc/self/fd/{}", fd).c_str(), kernel::detach);
}

kernel::Result<kernel::Fd<kernel::Path>> open_folder(const std::string& path) {
  return kernel::openat<kernel::Path>(kernel::cwd, path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

/// Whether the mount `id` lies on the mount `below`, over any number of others.
bool lies_on(const std::vector<HostMount>& mounts, std::uint64_t id, std::uint64_t below) {
  for (std::size_t steps = 0; steps <= mounts.size(); ++steps) {
    if (id == below) return true;
    const auto mount = std::ranges::find(mounts, id, &HostMount::id);
    if (mount == mounts.end()) return false;
    id = mount->parent;
  }
  return false;
}

}  // namespace

HostRoot::~HostRoot() {
  if (ground_) (void)remove_host_root(identity_);
}

Outcome<HostRoot> HostRoot::make(const std::string& id) {
  constexpr int longest = 200;  // fsconfig(2) takes 255 characters
  HostRoot root;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  root.identity_.source = fmt::format("lodger:{:.{}}:{:x}", id, longest, now);
  root.ground_ = TRY(explained(make_ground(root.identity_.source), making));
  root.identity_.id = TRY(explained(kernel::mount_id(root.ground_.get()), making));
  return root;
}

Outcome<kernel::Fd<kernel::Mount>> HostRoot::share() const {
  return explained(kernel::opened<kernel::Mount>("fcntl", __NR_fcntl, ground_.get(), F_DUPFD_CLOEXEC, 3),
                   making);
}

/// Where the host's mount below is shared, its peers get a copy of what is put on it, which unmounting takes
/// along only while nothing lies on the copy (mount_namespaces(7)): so it is one mount, and private at once.
Outcome<> HostRoot::attach(const init::Rootfs& rootfs) const {
  if (!ground_) return {};
  const auto doing = fmt::format("root.path {}", rootfs.path);
  const auto folder = TRY(explained(open_folder(rootfs.path), doing));
  const auto found = TRY(explained(kernel::status(folder.get()), doing));
  if (found.st_dev != rootfs.device || found.st_ino != rootfs.inode)
    return refuse(fmt::format("{}: another folder has taken its place meanwhile", doing), ESTALE);
  TRY(explained(kernel::attach(ground_.get(), folder.get()), doing));
  return explained(kernel::set_propagation(ground_.get(), MS_PRIVATE), doing);
}

/// By its number, to where that is now, and by what is seen there back to a number.
Outcome<kernel::Fd<kernel::Path>> open_host_root(const MountIdentity& identity) {
  const auto mounts = TRY(read_mountinfo());
  const auto known = std::ranges::find_if(mounts, [&](const HostMount& mount) {
    return mount.id == identity.id && mount.source == identity.source;
  });
  if (known == mounts.end()) return {};
  const auto doing = fmt::format("the container's root, mounted at {}", known->place);
  auto top = TRY(explained(open_folder(known->place), doing));
  if (!lies_on(mounts, TRY(explained(kernel::mount_id(top.get()), doing)), identity.id))
    return refuse(fmt::format("{}: it cannot be reached, something is mounted over its folder", doing),
                  EBUSY);
  return top;
}

Outcome<> remove_host_root(const MountIdentity& identity) {
  if (identity.id == 0) return {};
  // umount2(2) takes what is on top, also by way of a descriptor: until it was ours.
  for (;;) {
    const auto top = TRY(open_host_root(identity));
    if (!top) return {};
    TRY(explained(unmount(top.get()), "unmounting the container's root"));
  }
}

Outcome<bool> lies_on_host_root(const std::string& path, const MountIdentity& identity) {
  const auto folder = TRY(explained(open_folder(path), path));
  return lies_on(TRY(read_mountinfo()), TRY(explained(kernel::mount_id(folder.get()), path)), identity.id);
}

}  // namespace lodger::rootfs
