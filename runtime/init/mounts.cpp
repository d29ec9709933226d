// The mounts of the plan. Each is made detached, gets its attributes, and only then appears at its place.
// fsopen(2), mount_setattr(2), move_mount(2).
#include <string_view>

#include "kernel/mount.hpp"
#include "runtime/init/copy_up.hpp"
#include "runtime/init/place.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

using Tree = Fd<kernel::Mount>;

constexpr int nothing = -1;

Result<> take_mode_of(int folder, const Fd<kernel::MountContext>& context) {
  const auto what = TRY(kernel::status(folder));
  char octal[5] = {};
  for (unsigned i = 0; i < 4; ++i) octal[i] = static_cast<char>('0' + (what.st_mode >> (9 - 3 * i) & 7));
  return kernel::set_string(context, "mode", octal);
}

/// `covered` is the folder that was at the destination before, or nothing.
Result<> configure(Control& control, const Fd<kernel::MountContext>& context, const Mount& mount,
                   int covered = nothing) {
  const auto told = [&](Result<> result) {
    if (!result) control.words_used(kernel::last_words(context, control.words()));
    return result;
  };
  if (mount.source) TRY(told(kernel::set_string(context, "source", mount.source)));
  if (covered != nothing) TRY(told(take_mode_of(covered, context)));
  for (const auto& [key, value] : mount.parameters)
    TRY(told(value ? kernel::set_string(context, key, value) : kernel::set_flag(context, key)));
  return told(mount.kind == MountKind::remount ? kernel::reconfigure(context) : kernel::create(context));
}

Result<Tree> make_fresh(Control& control, const Mount& mount, int covered) {
  const auto context = TRY(kernel::fsopen(mount.type));
  TRY(configure(control, context, mount, covered));
  auto tree = kernel::fsmount(context, mount.fresh_attributes);
  if (!tree) control.words_used(kernel::last_words(context, control.words()));
  return tree;
}

/// A user namespace's copy of the host's mounts has their flags and covers locked (mount_namespaces(7)); the
/// parent's has not, and serves only where the path is barred to us. An ordinary user's parent has none.
Result<Tree> make_locked(Control& control, const Mount& mount) {
  Tree parents(control.fd(mount.tree));
  auto own = kernel::clone_tree(kernel::cwd, mount.source, mount.clone_flags);
  if (!own && own.error().code == EACCES && parents) return parents;
  return own;
}

Result<Tree> make_detached(Control& control, const Mount& mount, int covered) {
  switch (mount.kind) {
    case MountKind::tree: return Tree(control.fd(mount.tree));
    case MountKind::locked: return make_locked(control, mount);
    case MountKind::subtree: return kernel::clone_tree(kernel::cwd, mount.source, mount.clone_flags);
    default: return make_fresh(control, mount, covered);
  }
}

Result<> set_all(int mount, const Attributes& attributes, unsigned flags) {
  if (!attributes.any()) return {};
  mount_attr raw{};
  raw.attr_set = attributes.set;
  raw.propagation = attributes.propagation;
  // EPERM: what the source has is locked here; nobody asked for its end, so it stays. nosymfollow is never
  // locked. EINVAL: it is no attribute before Linux 5.14.
  const auto implied = attributes.clear_unlocked;
  Result<> done;
  for (const std::uint64_t also : {implied, implied & MOUNT_ATTR_NOSYMFOLLOW, std::uint64_t{0}}) {
    raw.attr_clr = attributes.clear | also;
    done = kernel::set_attributes(mount, raw, flags);
    if (done || !also || (done.error().code != EPERM && done.error().code != EINVAL)) break;
  }
  return done;
}

Result<> set_attributes(int mount, const Mount& of) {
  TRY(set_all(mount, {0, 0, of.base_propagation, 0}, AT_RECURSIVE));
  TRY(set_all(mount, of.whole, AT_RECURSIVE));
  return set_all(mount, of.one, 0);
}

Result<Fd<kernel::Path>> place_for(const Root& root, const Mount& mount, bool file) {
  const auto what = file ? Make::file : Make::folder;
  if (mount.nofollow) return open_or_make_last(root.get(), mount.destination, what);
  if (!mount.plain) return open_or_make_place(root.get(), mount.destination, what);
  auto place = open_plain_folder(root.get(), mount.destination);
  if (place || place.error().code != ENOENT) return place;
  TRY(open_or_make_place(root.get(), mount.destination, Make::folder));
  return open_plain_folder(root.get(), mount.destination);
}

/// mount(2) onto the place by its number: a magic link that leads to this very descriptor.
Result<> mount_classic(int place, const Mount& mount) {
  char target[] = "/proc/self/fd/0000000000";
  char* digits = target + sizeof "/proc/self/fd/" - 1;
  for (int i = 9, n = place; i >= 0; --i, n /= 10) digits[i] = static_cast<char>('0' + n % 10);
  while (*digits == '0' && digits[1]) {  // procfs knows no leading zeroes
    for (char* c = digits; *c; ++c) *c = c[1];
  }
  return kernel::mount(mount.source ? mount.source : mount.type, target, mount.type, mount.classic_flags,
                       mount.classic_data);
}

Result<> remount(Control& control, const Root& root, const Mount& mount) {
  const auto place = TRY(open_place(root.get(), mount.destination));
  if (!mount.parameters.empty()) {
    const auto context = TRY(kernel::fspick(place.get()));
    TRY(configure(control, context, mount));
  }
  return set_attributes(place.get(), mount);
}

/// The very same link may be there already: from an earlier start, or in the image.
Result<> make_link(const Root& root, const Mount& mount) {
  const auto [folder, name] = TRY(open_or_make_holder(root.get(), mount.destination));
  auto made = kernel::symlinkat(mount.source, folder.get(), name);
  if (made || made.error().code != EEXIST) return made;
  char there[4096];
  const auto size = kernel::readlinkat(folder.get(), name, there);
  if (!size || std::string_view(there, *size) != mount.source) return made;
  return {};
}

/// What is mounted over the root is the root from there on: for the mounts that follow, and for the pivot.
Result<> put(Root& root, const Mount& mount, Tree tree, int place) {
  TRY(set_attributes(tree.get(), mount));
  TRY(kernel::attach(tree.get(), place));
  if (!*mount.destination) root = std::move(tree);
  return {};
}

Result<> map_ids(Control& control, const Tree& tree, const Mount& mount) {
  if (!mount.mapped_outside)
    return kernel::map_ids(tree.get(), control.fd(mount.id_map), mount.whole_id_map ? AT_RECURSIVE : 0);
  TRY(control.report(Event::tree, 0, tree.get()));
  return control.expect(Order::tree_mapped);
}

/// A source in the root, as the mounts so far show it: resolved inside the root like everything there.
Result<> bind_inner(Control& control, Root& root, const Mount& mount) {
  const int flags = O_PATH | (mount.source_nofollow ? O_NOFOLLOW : 0);
  const auto source = TRY(kernel::open_in_root(root.get(), *mount.source ? mount.source : ".", flags));
  Tree tree = TRY(kernel::clone_tree(source.get(), "", AT_EMPTY_PATH | mount.clone_flags));
  if (mount.id_map != none) TRY(map_ids(control, tree, mount));
  const bool file = !S_ISDIR(TRY(kernel::status(source.get())).st_mode);
  const auto place = TRY(place_for(root, mount, file));
  return put(root, mount, std::move(tree), place.get());
}

Result<> make_mount(Control& control, Root& root, const Mount& mount) {
  switch (mount.kind) {
    case MountKind::remount: return remount(control, root, mount);
    case MountKind::symlink: return make_link(root, mount);
    case MountKind::inner: return bind_inner(control, root, mount);
    default: break;
  }
  const bool covers = mount.mode_of_place && open_place(root.get(), mount.destination);
  const auto place = TRY(place_for(root, mount, mount.file));
  if (mount.kind == MountKind::classic) {
    TRY(mount_classic(place.get(), mount));
    const auto top = TRY(open_place(root.get(), mount.destination));
    return set_attributes(top.get(), mount);
  }
  Tree tree = TRY(make_detached(control, mount, covers ? place.get() : nothing));
  if (mount.copy_up) TRY(copy_up(place.get(), tree.get()));
  return put(root, mount, std::move(tree), place.get());
}

}  // namespace

Result<Dev> make_mounts(Control& control, Root& root) {
  const Rootfs& rootfs = *control.plan().rootfs;
  Dev dev;
  control.at(Stage::link, rootfs.links.size());
  if (rootfs.dev_mount < 0) dev = TRY(open_or_make_place(root.get(), "dev", Make::folder));
  bool entered = false;
  for (std::size_t i = 0; i < rootfs.mounts.size(); ++i) {
    const Mount& mount = rootfs.mounts[i];
    if (mount.needs_cgroup && !std::exchange(entered, true)) TRY(enter_cgroup(control));
    control.at(Stage::mount, i);
    TRY(make_mount(control, root, mount));
    const auto at = static_cast<std::int64_t>(i);
    if (at == rootfs.dev_mount) dev = TRY(open_place(root.get(), mount.destination));
    if (at > rootfs.dev_mount && !*mount.destination && mount.kind != MountKind::remount)
      dev = TRY(open_or_make_place(root.get(), "dev", Make::folder));
  }
  if (!entered) TRY(enter_cgroup(control));
  return dev;
}

Result<> make_dev_readonly(Control& control, const Dev& dev) {
  const Rootfs& rootfs = *control.plan().rootfs;
  if (!rootfs.dev_readonly) return {};
  control.at(Stage::mount, static_cast<std::size_t>(rootfs.dev_mount));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return kernel::set_attributes(dev.get(), attributes);
}

}  // namespace lodger::init
