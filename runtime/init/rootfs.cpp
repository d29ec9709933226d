// The container's root: attached, entered, closed for writing. pivot_root(2), mount_namespaces(7).
#include "kernel/mount.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

constexpr std::uint64_t propagation_types = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

/// The tree's place in our copy of the host's mounts. Hooks look for it there, so the path counts; that it
/// still leads to the folder that the parent opened is checked by identity. In the runtime's own mount
/// namespace the parent has prepared the place.
Result<Fd<kernel::Path>> open_root_place(const Control& control) {
  const Rootfs& rootfs = *control.plan().rootfs;
  if (rootfs.ground != none) return Fd<kernel::Path>(control.fd(rootfs.ground));
  auto place = TRY(kernel::openat<kernel::Path>(kernel::cwd, rootfs.path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  const auto found = TRY(kernel::status(place.get()));
  if (found.st_dev != rootfs.device || found.st_ino != rootfs.inode) return kernel::fail("rootfs", ESTALE);
  return place;
}

/// In a user namespace our own copy of the host's mounts has their flags and covers locked
/// (mount_namespaces(7)), which the parent's copy has not: so the tree is taken from there.
Result<Root> tree_of_root(Control& control, const Result<Fd<kernel::Path>>& place) {
  Root parents(control.fd(control.plan().rootfs->tree));
  if (!parents && !place) return std::unexpected(place.error());
  if (parents && (!control.plan().user_namespace || !place)) return parents;
  return kernel::clone_tree(place->get(), "", AT_EMPTY_PATH | AT_RECURSIVE);
}

/// A user namespace may be barred from the path; then "/" serves, which nothing but hooks can tell apart.
Result<> put_in_place(const Root& root, const Result<Fd<kernel::Path>>& place) {
  return place ? kernel::attach(root.get(), place->get()) : kernel::attach_at(root.get(), kernel::cwd, "/");
}

/// Nothing that happens to the host's mounts here may reach the host, whatever rootfsPropagation says: an
/// umount travels to all peers. By descriptor, since after a pivot "." is the new root.
Result<> cut_off_from_host(int old_root) { return kernel::set_propagation(old_root, MS_SLAVE, AT_RECURSIVE); }

/// A user namespace may not umount what it has from the host (mount_namespaces(7)), but may lay an empty
/// folder over it.
Result<> take_out_of_sight(const char* mount) {
  auto gone = kernel::umount(mount, kernel::detach);
  if (gone || gone.error().code != EINVAL) return gone;
  return kernel::mount("tmpfs", mount, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

/// Without pivot_root(2) the host's mounts stay behind the root; its procfs and sysfs must not, since they
/// would vouch for unmasked ones in user namespaces that the container makes.
Result<> move_root(const Rootfs& rootfs, const Root& root) {
  const auto old = TRY(kernel::openat<kernel::Path>(kernel::cwd, "/", O_PATH | O_DIRECTORY));
  TRY(cut_off_from_host(old.get()));
  for (const Name mount : rootfs.unmount) TRY(take_out_of_sight(mount));
  TRY(kernel::attach_at(root.get(), kernel::cwd, "/"));
  return kernel::chroot(".");
}

/// Our copy of the host's mounts, before anything is mounted in it.
Result<> prepare_namespace(Control& control, const Rootfs& rootfs) {
  control.at(Stage::propagation);
  // From an unbindable one nothing could be taken any more; only the container's own root becomes that.
  const bool unbindable = rootfs.propagation & MS_UNBINDABLE;
  const auto propagation = unbindable ? (rootfs.propagation & MS_REC) | MS_PRIVATE : rootfs.propagation;
  TRY(kernel::mount(nullptr, "/", nullptr, propagation, nullptr));
  // pivot_root(2) refuses a shared parent mount, and what is mounted below must not reach the host.
  if (!rootfs.make_private) return {};
  return kernel::mount(nullptr, rootfs.make_private, nullptr, MS_PRIVATE, nullptr);
}

/// pivot_root(2): the host's mounts go.
Result<> pivot() {
  const auto old = TRY(kernel::openat<kernel::Path>(kernel::cwd, "/", O_PATH | O_DIRECTORY));
  TRY(kernel::pivot_root(".", "."));  // the old root now lies on top of the new one: pivot_root(2), NOTES
  TRY(cut_off_from_host(old.get()));
  return kernel::umount(".", kernel::detach);
}

}  // namespace

Result<Root> attach_root(Control& control) {
  const Rootfs& rootfs = *control.plan().rootfs;
  if (rootfs.change != RootChange::chroot) TRY(prepare_namespace(control, rootfs));
  control.at(Stage::rootfs);
  const auto place = open_root_place(control);
  if (!place && place.error().code != EACCES) return std::unexpected(place.error());
  Root root = TRY(tree_of_root(control, place));
  // pivot_root(2) refuses a shared root, too: until then it is private, and below it everything stays so.
  const auto type = rootfs.propagation & propagation_types;
  TRY(kernel::set_propagation(root.get(), type == MS_SHARED ? MS_PRIVATE : type, AT_RECURSIVE));
  TRY(put_in_place(root, place));
  return root;
}

Result<> change_root(Control& control, const Root& root) {
  const Rootfs& rootfs = *control.plan().rootfs;
  control.at(Stage::pivot);
  TRY(kernel::fchdir(root.get()));
  switch (rootfs.change) {
    case RootChange::pivot: TRY(pivot()); break;
    case RootChange::move: TRY(move_root(rootfs, root)); break;
    case RootChange::chroot: TRY(kernel::chroot(".")); break;
  }
  if (rootfs.propagation & MS_SHARED) TRY(kernel::set_propagation(root.get(), MS_SHARED));
  return kernel::chdir("/");
}

Result<> enter_container_root(Control& control) {
  const Fd<kernel::Path> root(control.fd(control.plan().container_root));
  if (!root) return {};
  control.at(Stage::pivot);
  TRY(kernel::fchdir(root.get()));
  return kernel::chroot(".");
}

Result<> make_root_readonly(Control& control, const Root& root) {
  if (!control.plan().rootfs->readonly) return {};
  control.at(Stage::readonly_root);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return kernel::set_attributes(root.get(), attributes);
}

}  // namespace lodger::init
