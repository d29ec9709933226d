#include <fmt/core.h>

#include <algorithm>

#include "kernel/mount.hpp"
#include "runtime/rootfs/mountinfo.hpp"
#include "runtime/rootfs/rootfs.hpp"
#include "spec/options.hpp"

namespace lodger::rootfs {
namespace {

/// linux.rootfsPropagation as flags of mount(2). Without it the container gets the host's mount events and
/// gives none back, as everywhere.
std::uint64_t propagation_of(const std::string& name) {
  static constexpr std::pair<std::string_view, std::uint64_t> types[] = {
      {"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"private", MS_PRIVATE}, {"unbindable", MS_UNBINDABLE}};
  const bool recursive = name.starts_with('r');
  for (const auto& [type, flag] : types)
    if (std::string_view(name).substr(recursive) == type) return flag | (recursive ? MS_REC : 0);
  return MS_SLAVE | MS_REC;
}

std::string named_root(const Planning& planning) {
  const std::string& path = planning.config.root->path;
  return path.starts_with('/') ? path : planning.wishes.bundle + '/' + path;
}

/// The root's folder, by its canonical path: hooks see it in the state document and look there.
Outcome<std::string> canonical_root(const std::string& named) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(named.c_str(), nullptr), ::free);
  if (!real) return std::unexpected(explain(fmt::format("root.path {}", named), {"realpath", errno}));
  return std::string(real.get());
}

Outcome<> open_root(Planning& planning, init::Rootfs& rootfs) {
  const std::string named = named_root(planning);
  rootfs.path = planning.memory.text(named);  // should there be no other
  const std::string path = TRY(canonical_root(named));
  const std::string doing = fmt::format("root.path {}", path);
  const auto folder = TRY(explained(
      kernel::openat<kernel::Path>(kernel::cwd, path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW), doing));
  const auto what = TRY(explained(kernel::status(folder.get()), doing));
  rootfs.path = planning.memory.text(path);
  rootfs.device = what.st_dev;
  rootfs.inode = what.st_ino;
  if (rootfs.change == init::RootChange::chroot)
    rootfs.mount = TRY(explained(kernel::mount_id(folder.get()), doing));
  if (!planning.owns_mounts()) return {};  // init takes the tree
  rootfs.tree = planning.row.add(
      TRY(explained(kernel::clone_tree(folder.get(), "", AT_EMPTY_PATH | AT_RECURSIVE), doing)));
  return {};
}

/// Only where the rest stays shared, and where the host's procfs and sysfs would stay in sight.
Outcome<> plan_host_mounts(Planning& planning, init::Rootfs& rootfs) {
  const bool shared = rootfs.propagation & MS_SHARED;
  if (rootfs.change == init::RootChange::chroot) return {};
  if (!shared && rootfs.change == init::RootChange::pivot) return {};
  const auto mounts = TRY(read_mountinfo());
  if (shared) rootfs.make_private = planning.memory.text(mount_that_holds(mounts, rootfs.path));
  if (rootfs.change == init::RootChange::pivot) return {};
  std::vector<init::Name> unmount;
  for (const auto& mount : mounts)
    if (mount.root == "/" && (mount.type == "proc" || mount.type == "sysfs"))
      unmount.push_back(planning.memory.text(mount.place));
  std::reverse(unmount.begin(), unmount.end());  // what lies on top comes last in mountinfo
  rootfs.unmount = planning.memory.copy(unmount);
  return {};
}

std::span<const init::Name> plan_paths(Planning& planning, const std::vector<std::string>& paths) {
  std::vector<init::Name> names;
  names.reserve(paths.size());
  for (const auto& path : paths)
    names.push_back(planning.memory.text(path.substr(std::min(path.find_first_not_of('/'), path.size()))));
  return planning.memory.copy(names);
}

std::span<const init::Link> plan_links(Planning& planning) {
  // runtime-spec, runtime-linux.md, "Dev symbolic links"; /dev/core as runc has it.
  static constexpr std::array<const char*, 3> links[] = {{"/proc/self/fd", "fd", nullptr},
                                                         {"/proc/self/fd/0", "stdin", nullptr},
                                                         {"/proc/self/fd/1", "stdout", nullptr},
                                                         {"/proc/self/fd/2", "stderr", nullptr},
                                                         {"/proc/kcore", "core", "/proc/kcore"}};
  std::vector<init::Link> planned;
  for (const auto& [target, path, only_if] : links)
    planned.push_back({planning.memory.text(target), planning.memory.text(path),
                       only_if ? planning.memory.text(only_if) : nullptr});
  return planning.memory.copy(planned);
}

/// A /dev that the bundle binds from the host has all it needs, and nothing may be made in it.
bool needs_default_devices(std::span<const init::Mount> mounts) {
  using enum init::MountKind;
  return std::ranges::none_of(mounts, [](const init::Mount& mount) {
    return std::string_view(mount.destination) == "dev" &&
           (mount.kind == tree || mount.kind == locked || mount.kind == inner);
  });
}

/// The last mount whose destination is /dev itself.
std::int64_t mount_of_dev(std::span<const init::Mount> mounts) {
  for (std::size_t i = mounts.size(); i-- > 0;)
    if (mounts[i].kind != init::MountKind::remount && std::string_view(mounts[i].destination) == "dev")
      return static_cast<std::int64_t>(i);
  return -1;
}

/// A read-only /dev has to be filled first: with the mounts below it, devices, links, and what hooks put
/// there. The mount alone is read-only then, not the file system, which is nobody else's.
bool put_off_readonly(Planning& planning, std::vector<init::Mount>& mounts, std::int64_t dev_mount) {
  if (dev_mount < 0) return false;
  auto& dev = mounts[static_cast<std::size_t>(dev_mount)];
  const bool fresh = dev.kind == init::MountKind::fresh && dev.fresh_attributes & MOUNT_ATTR_RDONLY;
  const bool classic = dev.kind == init::MountKind::classic && dev.classic_flags & MS_RDONLY;
  if (!fresh && !classic) return false;
  dev.fresh_attributes &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
  dev.classic_flags &= ~std::uint64_t{MS_RDONLY};
  std::vector<init::Parameter> kept;
  for (const auto& parameter : dev.parameters)
    if (std::string_view(parameter.key) != "ro") kept.push_back(parameter);
  dev.parameters = planning.memory.copy(kept);
  return true;
}

/// Without a mount namespace the container lives in the runtime's, as config-linux.md has it.
Outcome<init::RootChange> root_change(const Planning& planning) {
  if (planning.separate(spec::NamespaceType::mount))
    return planning.wishes.no_pivot ? init::RootChange::move : init::RootChange::pivot;
  if (planning.owns_mounts()) return init::RootChange::chroot;
  return refuse(
      fmt::format("linux.namespaces: no entry of type \"mount\", and uid {} may not mount anything in "
                  "the mount namespace that lodger runs in",
                  planning.wishes.caller.uid),
      EPERM);
}

}  // namespace

Outcome<init::Rootfs> plan_rootfs(Planning& planning) {
  init::Rootfs rootfs;
  rootfs.propagation = propagation_of(planning.linux().rootfs_propagation);
  rootfs.change = TRY(root_change(planning));
  rootfs.readonly = planning.config.root->readonly;
  TRY(planning.failures.noted(open_root(planning, rootfs)));
  if (rootfs.change == init::RootChange::chroot && std::string_view(rootfs.path) == "/")
    return refuse(
        "root.path /: without an entry of type \"mount\" in linux.namespaces the container's root "
        "would cover the host's",
        EINVAL);
  TRY(plan_host_mounts(planning, rootfs));
  auto mounts = TRY(plan_mounts(planning, rootfs));
  rootfs.default_devices = needs_default_devices(mounts);
  rootfs.dev_mount = mount_of_dev(mounts);
  rootfs.dev_readonly = put_off_readonly(planning, mounts, rootfs.dev_mount);
  rootfs.mounts = planning.memory.copy(mounts);
  rootfs.devices = planning.memory.copy(TRY(plan_devices(planning, rootfs.default_devices)));
  rootfs.links = plan_links(planning);
  rootfs.readonly_paths = plan_paths(planning, planning.linux().readonly_paths);
  rootfs.masked_paths = plan_paths(planning, planning.linux().masked_paths);
  return rootfs;
}

}  // namespace lodger::rootfs
