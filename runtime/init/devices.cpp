// Device nodes and the links of /dev. mknod(2); runtime-spec, config-linux.md, "Devices", "Default Devices".
#include <linux/kdev_t.h>

#include <cstring>
#include <string_view>

#include "kernel/mount.hpp"
#include "runtime/init/place.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

/// "If a file already exists at path that does not match the requested device, the runtime MUST generate an
/// error": what is there may stay only if it is that device.
Result<> check_same(int folder, const char* name, const Device& device, int flags = AT_SYMLINK_NOFOLLOW) {
  const auto found = TRY(kernel::status(folder, name, flags));
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

/// Where a path is looked up: in /dev itself, or in the root.
struct Base {
  int folder;
  const char* path;
};
Base base_of(const Root& root, const Dev& dev, const char* path) {
  constexpr std::string_view prefix = "dev/";
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (path[i] != prefix[i]) return {root.get(), path};
  return {dev.get(), path + prefix.size()};
}

/// The host's node: the parent's copy, or ours where the parent had no right to one.
Result<Fd<kernel::Mount>> tree_of(Control& control, const Device& device) {
  if (device.tree != none) return Fd<kernel::Mount>(control.fd(device.tree));
  auto tree = TRY(kernel::clone_tree(kernel::cwd, device.source, 0));
  TRY(check_same(tree.get(), "", device, AT_EMPTY_PATH));
  return tree;
}

/// A user namespace cannot make device nodes: the host's node is bound onto an empty file.
Result<> bind_node(Control& control, const Base& base, const Device& device) {
  const auto tree = TRY(tree_of(control, device));
  const auto place = TRY(open_or_make_place(base.folder, base.path, Make::file));
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

/// The folder of a device; most devices lie in the same one, which is looked up once.
class Folders {
 public:
  Result<const Holder*> of(const Base& base) {
    const std::size_t length = last_part(base.path);
    if (!held_.folder || base.folder != base_.folder || length != length_ ||
        std::memcmp(base.path, base_.path, length) != 0)
      held_ = TRY(open_or_make_holder(base.folder, base.path));
    base_ = base;
    length_ = length;
    held_.name = base.path + length;
    return &held_;
  }

 private:
  static std::size_t last_part(const char* path) {
    std::size_t at = 0;
    for (std::size_t i = 0; path[i]; ++i)
      if (path[i] == '/') at = i + 1;
    return at;
  }

  Holder held_{};
  Base base_{-1, ""};
  std::size_t length_ = 0;
};

/// In a /dev of the host's (a bind) nothing is made: the device has to be there.
Result<> check_there(const Base& base, const Device& device) {
  const auto place = TRY(open_place(base.folder, base.path));
  return check_same(place.get(), "", device, AT_EMPTY_PATH);
}

}  // namespace

Result<> make_devices(Control& control, const Root& root, const Dev& dev) {
  const Rootfs& rootfs = *control.plan().rootfs;
  Folders folders;
  for (const Device& device : rootfs.devices) {
    control.at(Stage::device, static_cast<std::size_t>(&device - rootfs.devices.data()));
    const Base base = base_of(root, dev, device.path);
    if (base.folder == dev.get() && !rootfs.default_devices) {
      TRY(check_there(base, device));
    } else if (device.bound) {
      TRY(bind_node(control, base, device));
    } else {
      const Holder* holder = TRY(folders.of(base));
      TRY(make_node(holder->folder.get(), holder->name, device));
    }
  }
  if (!rootfs.default_devices) return {};
  control.at(Stage::link, rootfs.links.size());
  TRY(make_ptmx(dev.get()));
  for (const Link& link : rootfs.links) {
    control.at(Stage::link, static_cast<std::size_t>(&link - rootfs.links.data()));
    TRY(make_link(dev.get(), link));
  }
  return {};
}

}  // namespace lodger::init
