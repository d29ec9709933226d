#include "runtime/rootfs/host_root.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "kernel/folder.hpp"
#include "kernel/lock.hpp"
#include "kernel/mount.hpp"
#include "runtime/rootfs/mountinfo.hpp"

namespace lodger::rootfs {
namespace {

constexpr std::string_view mark = "lodger:";  // what the source of a ground begins with
constexpr const char* own_namespace = "/proc/self/ns/mnt";
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

/// The first mount that `fits`, from the mount `id` down over all that it lies on; null where none does.
template <class Fits>
const HostMount* find_below(const std::vector<HostMount>& mounts, std::uint64_t id, Fits fits) {
  for (std::size_t steps = 0; steps <= mounts.size(); ++steps) {
    const auto mount = std::ranges::find(mounts, id, &HostMount::id);
    if (mount == mounts.end()) return nullptr;
    if (fits(*mount)) return &*mount;
    id = mount->parent;
  }
  return nullptr;
}

/// What is seen at `place`, or above it where the folder is not there.
kernel::Result<kernel::Fd<kernel::Path>> open_nearest(std::string place) {
  for (;;) {
    auto folder = open_folder(place);
    if (folder || folder.error().code != ENOENT || place.size() <= 1) return folder;
    place.resize(std::max<std::size_t>(place.rfind('/'), 1));
  }
}

Failure covered(const std::vector<HostMount>& mounts, std::uint64_t by, const std::string& doing) {
  const auto cover = std::ranges::find(mounts, by, &HostMount::id);
  const auto what = cover == mounts.end()
                        ? std::string("something")
                        : fmt::format("{} ({}), mounted at {},", cover->source, cover->type, cover->place);
  return {fmt::format("{}: it cannot be reached, {} covers its folder: unmount that first", doing, what),
          EBUSY};
}

bool is_of(const HostMount& mount, const MountIdentity& identity) {
  return mount.id == identity.id && mount.source == identity.source;
}

struct Elsewhere {
  std::string process;  // its folder in /proc
  kernel::Fd<kernel::Namespace> mounts;
};

kernel::Result<kernel::Fd<kernel::Namespace>> open_numbered(int proc, const std::string& entry,
                                                            std::uint64_t number) {
  if (TRY(kernel::status(proc, entry.c_str(), 0)).st_ino != number) return {};
  auto opened = TRY(kernel::openat<kernel::Namespace>(proc, entry.c_str(), O_RDONLY));
  if (TRY(kernel::status(opened.get())).st_ino != number) return {};
  return opened;
}

/// It has ended, or is not ours to see.
bool out_of_sight(int code) { return code == ENOENT || code == ESRCH || code == EACCES || code == EPERM; }

/// The mount namespace of that number, by a process in it; no process where there is none.
Outcome<Elsewhere> find_namespace(std::uint64_t number) {
  const auto proc = TRY(explained(kernel::openat(kernel::cwd, "/proc", O_RDONLY | O_DIRECTORY), "/proc"));
  Elsewhere found;
  Outcome<> seen;
  const auto look = [&](std::string_view name) {
    if (!seen || found.mounts || name.front() < '1' || name.front() > '9') return;
    auto mounts = open_numbered(proc.get(), fmt::format("{}/ns/mnt", name), number);
    if (mounts && *mounts) found = {fmt::format("/proc/{}", name), std::move(*mounts)};
    if (!mounts && !out_of_sight(mounts.error().code))
      seen = std::unexpected(explain(fmt::format("/proc/{}/ns/mnt", name), mounts.error()));
  };
  TRY(explained(kernel::each_name(proc.get(), look), "/proc"));
  TRY(std::move(seen));
  return found;
}

/// Whether the mount is there. The kernel gives the number of a namespace that has ended to the next one,
/// which has no such mount. Who may not look has to take the number's word for it.
Outcome<bool> has_mount(const Elsewhere& there, const MountIdentity& identity) {
  const auto doing = "looking for the container's root in the mount namespace of " + there.process;
  const auto mounts = read_mountinfo_of(there.mounts, doing);
  if (!mounts && mounts.error().code != EPERM) return std::unexpected(mounts.error());
  return !mounts || std::ranges::any_of(*mounts, [&](const auto& mount) { return is_of(mount, identity); });
}

Outcome<> check_namespace(const MountIdentity& identity) {
  const auto own = TRY(explained(kernel::status(kernel::cwd, own_namespace, 0), own_namespace));
  if (own.st_ino == identity.mount_namespace) return {};
  const auto there = TRY(find_namespace(identity.mount_namespace));
  if (!there.mounts || !TRY(has_mount(there, identity))) return {};
  return refuse(fmt::format("the container's root is mounted in another mount namespace than this one: "
                            "\"nsenter --mount={}/ns/mnt\" before the command takes it there",
                            there.process),
                EXDEV);
}

bool is_ground(const HostMount& mount) { return mount.type == "tmpfs" && mount.source.starts_with(mark); }

Failure taken_by(const HostMount& ground, const std::string& doing) {
  const auto name = std::string_view(ground.source).substr(mark.size());
  return {
      fmt::format("{}: container {} lives at {}, in the same mount namespace: an entry of type \"mount\" in "
                  "linux.namespaces lets them be side by side",
                  doing, name.substr(0, name.find(':')), ground.place),
      EBUSY};
}

/// In one mount namespace the root of a second container would lie on that of the first, and go with it.
Outcome<> check_free(const kernel::Fd<kernel::Path>& folder, const std::string& doing) {
  const auto mounts = TRY(read_mountinfo());
  const auto* ground = find_below(mounts, TRY(explained(kernel::mount_id(folder.get()), doing)), is_ground);
  if (!ground) return {};
  return std::unexpected(taken_by(*ground, doing));
}

/// One creation at a time looks at the mounts and adds to them. flock(2), on the very namespace: whoever's
/// --root it is. Anybody in there can hold it as well, so it is not waited for long, and not relied upon.
Outcome<kernel::Fd<kernel::File>> lock_mounts() {
  auto ns = TRY(explained(kernel::openat(kernel::cwd, own_namespace, O_RDONLY), own_namespace));
  (void)kernel::lock_within(ns.get(), 1000);
  return ns;
}

/// What the plan has copied is what is there still, on the same mount: a copy that was taken while another
/// container lived there holds that one's mounts.
Outcome<> check_same(const kernel::Fd<kernel::Path>& folder, const init::Rootfs& rootfs,
                     const std::string& doing) {
  const auto found = TRY(explained(kernel::status(folder.get()), doing));
  const auto mount = TRY(explained(kernel::mount_id(folder.get()), doing));
  if (found.st_dev == rootfs.device && found.st_ino == rootfs.inode && mount == rootfs.mount) return {};
  return refuse(
      fmt::format("{}: another folder, or another container's root, was in its place meanwhile", doing),
      ESTALE);
}

/// Where the lock could not be had: of two at the same moment the upper one gives way.
Outcome<> check_lowest(const MountIdentity& own, const std::string& doing) {
  const auto mounts = TRY(read_mountinfo());
  const auto self = std::ranges::find(mounts, own.id, &HostMount::id);
  if (self == mounts.end()) return {};
  const auto* below = find_below(mounts, self->parent, is_ground);
  return below ? std::unexpected(taken_by(*below, doing)) : Outcome<>{};
}

}  // namespace

HostRoot::~HostRoot() {
  if (ground_) (void)remove_host_root(identity_);
}

Outcome<HostRoot> HostRoot::make(const std::string& id) {
  constexpr int longest = 200;  // fsconfig(2) takes 255 characters
  HostRoot root;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  root.identity_.source = fmt::format("{}{:.{}}:{:x}", mark, id, longest, now);
  root.ground_ = TRY(explained(make_ground(root.identity_.source), making));
  root.identity_.mount_namespace =
      TRY(explained(kernel::status(kernel::cwd, own_namespace, 0), own_namespace)).st_ino;
  root.identity_.id = TRY(explained(kernel::mount_id(root.ground_.get()), making));
  return root;
}

Outcome<kernel::Fd<kernel::Mount>> HostRoot::share() const {
  return explained(kernel::duplicate(ground_), making);
}

/// Where the host's mount below is shared, its peers get a copy of what is put on it, which unmounting takes
/// along only while nothing lies on the copy (mount_namespaces(7)): so it is one mount, and private at once.
Outcome<> HostRoot::attach(const init::Rootfs& rootfs) const {
  if (!ground_) return {};
  const auto doing = fmt::format("root.path {}", rootfs.path);
  const auto lock = TRY(lock_mounts());
  const auto folder = TRY(explained(open_folder(rootfs.path), doing));
  TRY(check_free(folder, doing));
  TRY(check_same(folder, rootfs, doing));
  TRY(explained(kernel::attach(ground_.get(), folder.get()), doing));
  TRY(explained(kernel::set_propagation(ground_.get(), MS_PRIVATE), doing));
  return check_lowest(identity_, doing);
}

/// By its number, to where that is now, and by what is seen there back to a number.
Outcome<kernel::Fd<kernel::Path>> open_host_root(const MountIdentity& identity) {
  TRY(check_namespace(identity));
  const auto mounts = TRY(read_mountinfo());
  const auto known =
      std::ranges::find_if(mounts, [&](const HostMount& mount) { return is_of(mount, identity); });
  if (known == mounts.end()) return {};
  const auto doing = fmt::format("the container's root, mounted at {}", known->place);
  auto top = TRY(explained(open_nearest(known->place), doing));
  const auto seen = TRY(explained(kernel::mount_id(top.get()), doing));
  if (find_below(mounts, seen, [&](const HostMount& mount) { return mount.id == known->id; })) return top;
  return std::unexpected(covered(mounts, seen, doing));
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

}  // namespace lodger::rootfs
