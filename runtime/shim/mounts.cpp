#include "runtime/shim/mounts.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include "kernel/file.hpp"
#include "kernel/mount.hpp"
#include "runtime/rootfs/idmap.hpp"
#include "runtime/shim/filesystem.hpp"
#include "runtime/shim/mapped.hpp"

namespace lodger::shim {
namespace {

/// A mount of containerd's, as it is made.
struct Wanted {
  const wire::Mount& mount;
  spec::MountFlags options;
  std::optional<spec::IdMap> map;
  std::string doing;  // begins the text of a failure
};

Outcome<Wanted> read(const wire::Mount& mount) {
  Wanted out{mount, {}, {}, fmt::format("mounting the root filesystem ({} {})", mount.type, mount.source)};
  if (mount.type.contains('/'))
    return refuse(fmt::format("{}: this type is for containerd's own mount manager", out.doing), EOPNOTSUPP);
  spec::Mount known;
  known.options = mount.options;
  out.options = spec::mount_flags(known);
  if (out.options.idmap || out.options.recursive_idmap || out.options.id_map_text)
    return refuse(fmt::format("{}: idmap and ridmap are options of config.json's mounts; here uidmap= and "
                              "gidmap= are",
                              out.doing),
                  EOPNOTSUPP);
  out.map = TRY(take_map(out.options, out.doing));
  return out;
}

/// Where it comes to lie. What is mounted so far is an image's: a link in it leads nowhere else.
Outcome<kernel::Fd<kernel::Path>> place_of(const Wanted& wanted, const std::string& root) {
  const auto& [mount, options, map, doing] = wanted;
  auto place = TRY(explained(
      kernel::openat<kernel::Path>(kernel::cwd, root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW), doing));
  if (mount.target.empty()) return place;
  return explained(kernel::open_in_root(place.get(), mount.target.c_str(), O_PATH),
                   fmt::format("{}: {}{}", doing, root, mount.target));
}

/// Options that set a flag of the mount leave it no other flag of its source: mount(2), MS_REMOUNT.
Outcome<kernel::Fd<kernel::Mount>> bind(const Wanted& wanted) {
  const auto& [mount, options, map, doing] = wanted;
  auto tree = TRY(explained(
      kernel::clone_tree(kernel::cwd, mount.source.c_str(), options.recursive_bind ? AT_RECURSIVE : 0),
      doing));
  if (map) {
    const auto space = TRY(rootfs::make_space(*map, doing));
    TRY(rootfs::map_tree(space, options.recursive_bind, tree, mount.source, doing));
  }
  if (options.attr_set == 0) return tree;
  mount_attr attributes{};
  attributes.attr_set = options.attr_set;
  attributes.attr_clr = options.attr_clr | options.implied_clr;
  TRY(explained(kernel::set_attributes(tree.get(), attributes), doing));
  return tree;
}

Outcome<> mount_one(const wire::Mount& mount, const std::string& root) {
  const auto wanted = TRY(read(mount));
  const auto place = TRY(place_of(wanted, root));
  if (!wanted.options.binds() && !wanted.map)
    return mount_filesystem(mount, wanted.options, fmt::format("/proc/self/fd/{}", place.get()),
                            wanted.doing);
  const auto tree =
      TRY(wanted.options.binds() ? bind(wanted)
                                 : mapped_filesystem(mount, wanted.options, *wanted.map, root, wanted.doing));
  return explained(kernel::attach(tree.get(), place.get()), wanted.doing);
}

}  // namespace

Outcome<RootMounts> RootMounts::make(const std::vector<wire::Mount>& mounts, const std::string& target) {
  if (const auto made = kernel::mkdirat(kernel::cwd, target.c_str(), 0711);
      !made && made.error().code != EEXIST)
    return std::unexpected(explain(fmt::format("making {}", target), made.error()));
  RootMounts out(target);
  for (const auto& mount : mounts) TRY(mount_one(mount, target));
  return out;
}

RootMounts::~RootMounts() {
  if (!target_.empty()) (void)unmount_all(target_);
}

Outcome<> unmount_all(const std::string& target) {
  constexpr int nofollow = 8;  // UMOUNT_NOFOLLOW
  for (;;) {
    const auto done = kernel::umount(target.c_str(), kernel::detach | nofollow);
    if (done) continue;
    if (done.error().code == EINVAL || done.error().code == ENOENT) return {};  // nothing is mounted there
    return std::unexpected(explain(fmt::format("unmounting {}", target), done.error()));
  }
}

}  // namespace lodger::shim
