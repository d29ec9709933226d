// The container's root: attached, entered, closed for writing. pivot_root(2), mount_namespaces(7).
#include "kernel/mount.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

constexpr std::uint64_t propagation_types = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

/// The tree's place in our copy of the host's mounts. Hooks look for it there, so the path counts; that it
/// still leads to the folder that the parent opened is checked by identity.
Result<Fd<kernel::Path>> open_root_place(const Rootfs& rootfs) {
  auto place = TRY(kernel::openat<kernel::Path>(kernel::cwd, rootfs.path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  const auto found = TRY(kernel::status(place.get()));
  if (found.st_dev != rootfs.device || found.st_ino != rootfs.inode) return kernel::fail("rootfs", ESTALE);
  return place;
}

Result<> set_propagation(const Root& root, std::uint64_t type, unsigned flags) {
  mount_attr attributes{};
  attributes.propagation = type;
  return kernel::set_attributes(root.get(), attributes, flags);
}

/// A user namespace may be barred from the path; then "/" serves, which nothing but hooks can tell apart.
Result<> put_in_place(const Root& root, const Rootfs& rootfs) {
  const auto place = open_root_place(rootfs);
  if (place) return kernel::attach(root.get(), place->get());
  if (place.error().code != EACCES) return std::unexpected(place.error());
  return kernel::attach_at(root.get(), kernel::cwd, "/");
}

}  // namespace

Result<Root> attach_root(Control& control) {
  const Rootfs& rootfs = *control.plan().rootfs;
  control.at(Stage::propagation);
  TRY(kernel::mount(nullptr, "/", nullptr, rootfs.propagation, nullptr));
  // pivot_root(2) refuses a shared parent mount, and what is mounted below must not reach the host.
  if (rootfs.make_private) TRY(kernel::mount(nullptr, rootfs.make_private, nullptr, MS_PRIVATE, nullptr));
  control.at(Stage::rootfs);
  Root root(control.fd(rootfs.tree));
  // pivot_root(2) refuses a shared root, too: until then it is private, and below it everything stays so.
  const auto type = rootfs.propagation & propagation_types;
  TRY(set_propagation(root, type == MS_SHARED ? MS_PRIVATE : type, AT_RECURSIVE));
  TRY(put_in_place(root, rootfs));
  return root;
}

Result<> change_root(Control& control, const Root& root) {
  const Rootfs& rootfs = *control.plan().rootfs;
  control.at(Stage::pivot);
  TRY(kernel::fchdir(root.get()));
  if (!rootfs.pivot) {
    for (const Name mount : rootfs.unmount) TRY(kernel::umount(mount, kernel::detach));
    TRY(kernel::attach_at(root.get(), kernel::cwd, "/"));
    TRY(kernel::chroot("."));
    return kernel::chdir("/");
  }
  const Root old = TRY(kernel::openat<kernel::Mount>(kernel::cwd, "/", O_PATH | O_DIRECTORY));
  TRY(kernel::pivot_root(".", "."));  // the old root now lies on top of the new one: pivot_root(2), NOTES
  if (rootfs.propagation & MS_SHARED) {
    // The host keeps its mounts. By descriptor: "." is the new root, and what it shares must stay shared.
    TRY(set_propagation(old, MS_SLAVE, AT_RECURSIVE));
    TRY(set_propagation(root, MS_SHARED, 0));
  }
  TRY(kernel::umount(".", kernel::detach));
  return kernel::chdir("/");
}

Result<> make_root_readonly(Control& control, const Root& root) {
  if (!control.plan().rootfs->readonly) return {};
  control.at(Stage::readonly_root);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return kernel::set_attributes(root.get(), attributes);
}

}  // namespace lodger::init
