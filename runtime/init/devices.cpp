// Device nodes and the links of /dev. mknod(2); runtime-spec, config-linux.md, "Devices", "Default Devices".
#include <linux/kdev_t.h>

#include "kernel/mount.hpp"
#include "runtime/init/place.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

/// "If a file already exists at path that does not match the requested device, the runtime MUST generate an
/// error": what is there may stay only if it is that device.
Result<> check_same(int folder, const char* name, const Device& device) {
  const auto found = TRY(kernel::status(folder, name, AT_SYMLINK_NOFOLLOW));
  const bool same = (found.st_mode & S_IFMT) == (device.mode & S_IFMT) &&
                    (S_ISFIFO(found.st_mode) || found.st_rdev == device.device);
  if (same) return {};
  return kernel::fail("mknodat", EEXIST);
}

Result<> make_node(int folder, const char* name, const Device& device) {
  auto made = kernel::mknodat(folder, name, device.mode, device.device);
  if (!made) return made.error().code == EEXIST ? check_same(folder, name, device) : made;
  if (device.uid == 0 && device.gid == 0) return {};
  return kernel::fchownat(folder, name, device.uid, device.gid, AT_SYMLINK_NOFOLLOW);
}

/// A user namespace cannot make device nodes: the host's node is bound onto an empty file.
Result<> bind_node(Control& control, const Root& root, const Device& device) {
  const auto place = TRY(open_or_make_place(root.get(), device.path, Make::file));
  const Fd<kernel::Mount> tree(control.fd(device.tree));
  return kernel::attach(tree.get(), place.get());
}

Result<> make_link(int folder, const Link& link) {
  if (link.only_if && !kernel::faccessat(kernel::cwd, link.only_if, F_OK)) return {};
  auto made = kernel::symlinkat(link.target, folder, link.path);
  if (!made && made.error().code == EEXIST) return {};
  return made;
}

/// /dev/ptmx must lead to the container's own devpts, whatever the image holds there.
Result<> make_ptmx(int folder) {
  auto removed = kernel::unlinkat(folder, "ptmx");
  if (!removed && removed.error().code != ENOENT) return removed;
  return kernel::symlinkat("pts/ptmx", folder, "ptmx");
}

}  // namespace

Result<> make_devices(Control& control, const Root& root) {
  const Rootfs& rootfs = *control.plan().rootfs;
  for (const Device& device : rootfs.devices) {
    control.at(Stage::device, static_cast<std::size_t>(&device - rootfs.devices.data()));
    if (device.tree != none) {
      TRY(bind_node(control, root, device));
      continue;
    }
    const auto [folder, name] = TRY(open_or_make_holder(root.get(), device.path));
    TRY(make_node(folder.get(), name, device));
  }
  if (!rootfs.default_devices) return {};
  control.at(Stage::link, rootfs.links.size());
  const auto dev = TRY(open_or_make_place(root.get(), "dev", Make::folder));
  TRY(make_ptmx(dev.get()));
  for (const Link& link : rootfs.links) {
    control.at(Stage::link, static_cast<std::size_t>(&link - rootfs.links.data()));
    TRY(make_link(dev.get(), link));
  }
  return {};
}

}  // namespace lodger::init
