// The sources of bind mounts. runtime-spec, config.md, "Mounts"; open_tree(2), mount_namespaces(7).
#include "runtime/rootfs/binds.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "kernel/mount.hpp"
#include "spec/text.hpp"

namespace lodger::rootfs {
namespace {

unsigned clone_flags(const spec::MountFlags& flags) {
  return (flags.recursive_bind ? AT_RECURSIVE : 0) | (flags.source_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
}

std::string source_of(const Planning& planning, const spec::Mount& from) {
  return from.source.starts_with('/') ? from.source : planning.wishes.bundle + '/' + from.source;
}

std::unexpected<Failure> refuse_map(const std::string& name) {
  return refuse(fmt::format("{}: idmap: only root of the host may map the ids of a mount", name), EPERM);
}

/// What an ordinary user may copy only as root of a user namespace: looked at here, taken there.
Outcome<> leave_to_init(const std::string& source, const spec::MountFlags& flags, const std::string& doing,
                        init::Mount& mount) {
  const int follow = flags.source_nofollow ? AT_SYMLINK_NOFOLLOW : 0;
  mount.file = !S_ISDIR(TRY(explained(kernel::status(kernel::cwd, source.c_str(), follow), doing)).st_mode);
  mount.kind = init::MountKind::locked;
  return {};
}

/// A detached copy of what the source shows, from the runtime's own view of the host.
Outcome<> open_source(Binds& binds, const spec::Mount& from, const spec::MountFlags& flags,
                      init::Mount& mount) {
  Planning& planning = binds.planning;
  const std::string name = mount_name(planning.config, mount.index);
  const std::string source = source_of(planning, from);
  const auto doing = fmt::format("{}: source {}", name, source);
  mount.clone_flags = clone_flags(flags);
  mount.source = planning.memory.text(source);
  const auto map = TRY(spec::id_map(from, planning.config));
  if (!planning.owns_mounts()) {
    if (map) return refuse_map(name);
    return leave_to_init(source, flags, doing, mount);
  }
  auto tree = TRY(explained(kernel::clone_tree(kernel::cwd, source.c_str(), mount.clone_flags), doing));
  mount.file = !S_ISDIR(TRY(explained(kernel::status(tree.get()), doing)).st_mode);
  mount.kind = planning.user_namespace() ? init::MountKind::locked : init::MountKind::tree;
  if (map) {
    TRY(binds.id_maps.apply(planning, *map, tree, source, name));
    mount.kind = init::MountKind::tree;  // a user namespace may not map a filesystem that is not its own
  }
  mount.tree = planning.row.add(std::move(tree));
  return {};
}

bool holds(std::string_view folder, std::string_view path) {
  return folder.empty() || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

/// Whether a source inside the root shows what only the container's own mounts put there.
bool is_made_by(std::span<const init::Mount> earlier, std::string_view source, bool recursive) {
  return std::ranges::any_of(earlier, [&](const init::Mount& mount) {
    return holds(mount.destination, source) || (recursive && holds(source, mount.destination));
  });
}

/// Init takes such a source when it comes to it, and maps it, where it may: else it hands it to us for that.
Outcome<> take_at_its_turn(Binds& binds, const spec::Mount& from, const spec::MountFlags& flags,
                           std::string_view source, init::Mount& mount) {
  Planning& planning = binds.planning;
  mount.kind = init::MountKind::inner;
  mount.source = planning.memory.text(source);
  mount.clone_flags = clone_flags(flags);
  mount.source_nofollow = flags.source_nofollow;
  const auto map = TRY(spec::id_map(from, planning.config));
  if (!map) return {};
  const auto doing = mount_name(planning.config, mount.index);
  if (!planning.wishes.caller.privileged) return refuse_map(doing);
  mount.mapped_outside = planning.user_namespace();
  mount.needs_cgroup = mount.mapped_outside;
  mount.id_map = TRY(binds.id_maps.slot_for(planning, *map, doing));
  mount.whole_id_map = map->recursive;
  return {};
}

/// A copy made on the host shares its mount events with it. In a namespace that was cut off first, it would
/// not: so it is cut off the same way, unless its own options say the same or more. What is private already
/// would not become a slave any more (mount_namespaces(7), "Propagation type transitions").
void cut_off(std::uint64_t root_propagation, const spec::MountFlags& flags, init::Mount& mount) {
  std::uint64_t type = root_propagation & ~static_cast<std::uint64_t>(MS_REC);
  if (flags.propagation == MS_SLAVE && type != MS_SHARED) type = MS_SLAVE;
  if (!flags.propagation)
    mount.whole.propagation = type;
  else if (!flags.propagation_recursive || flags.propagation == MS_SHARED)
    mount.base_propagation = type;
}

/// copy-symlink: the text of a source that is a symlink, or nothing.
Outcome<std::optional<std::string>> symlink_at(const Planning& planning, const spec::Mount& from,
                                               std::uint32_t index) {
  const std::string source = source_of(planning, from);
  char text[4096];
  const auto size = kernel::readlinkat(kernel::cwd, source.c_str(), text);
  if (size && *size < sizeof text) return std::string(text, *size);
  if (!size && size.error().code == EINVAL) return std::nullopt;
  const auto error = size ? kernel::Error{"readlinkat", ENAMETOOLONG} : size.error();
  return std::unexpected(
      explain(fmt::format("{}: source {}", mount_name(planning.config, index), source), error));
}

}  // namespace

std::optional<std::string_view> path_below(std::string_view folder, std::string_view path) {
  if (folder == "/" || !path.starts_with(folder)) return std::nullopt;
  std::string_view rest = path.substr(folder.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  for (std::string_view parts = rest; !parts.empty();)
    if (spec::cut(parts, '/') == "..") return std::nullopt;  // where that leads is not for texts to say
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return rest;
}

Outcome<> plan_bind(Binds& binds, const spec::Mount& from, const spec::MountFlags& flags,
                    std::span<const init::Mount> earlier, init::Mount& mount) {
  Planning& planning = binds.planning;
  if (flags.copy_symlink) {
    if (const auto text = TRY(symlink_at(planning, from, mount.index))) {
      mount.kind = init::MountKind::symlink;
      mount.source = planning.memory.text(*text);
      return {};
    }
  }
  const std::string source = source_of(planning, from);
  const auto inside = path_below(binds.rootfs.path, source);
  if (inside && is_made_by(earlier, *inside, flags.recursive_bind))
    TRY(take_at_its_turn(binds, from, flags, *inside, mount));
  else
    TRY(open_source(binds, from, flags, mount));
  cut_off(binds.rootfs.propagation, flags, mount);
  return {};
}

}  // namespace lodger::rootfs
