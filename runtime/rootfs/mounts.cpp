// From mounts[] to init's mounts. runtime-spec, config.md, "Mounts"; mount_setattr(2).
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "kernel/mount.hpp"
#include "runtime/rootfs/idmap.hpp"
#include "runtime/rootfs/rootfs.hpp"
#include "spec/options.hpp"

namespace lodger::rootfs {
namespace {

struct SuperOption {
  std::uint64_t flag;
  const char *set, *clear;
};
/// Superblock flags that fsconfig(2) takes by name.
constexpr SuperOption super_options[] = {{MS_RDONLY, "ro", "rw"},
                                         {MS_SYNCHRONOUS, "sync", "async"},
                                         {MS_DIRSYNC, "dirsync", nullptr},
                                         {MS_MANDLOCK, "mand", "nomand"},
                                         {MS_LAZYTIME, "lazytime", "nolazytime"}};
/// Those that only mount(2) takes.
constexpr std::uint64_t classic_only = MS_I_VERSION | MS_SILENT;

struct AttributeFlag {
  std::uint64_t attribute, flag;
};
constexpr AttributeFlag attribute_flags[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY},        {MOUNT_ATTR_NOSUID, MS_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV},          {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
    {MOUNT_ATTR_NOATIME, MS_NOATIME},      {MOUNT_ATTR_STRICTATIME, MS_STRICTATIME},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}};

std::vector<init::Parameter> parameters_of(Planning& planning, const spec::MountFlags& flags) {
  std::vector<init::Parameter> parameters;
  for (const auto& option : super_options) {
    if (flags.super_set & option.flag) parameters.push_back({option.set, nullptr});
    if (flags.super_clr & option.flag && option.clear) parameters.push_back({option.clear, nullptr});
  }
  for (auto& [key, value] : parameters) key = planning.memory.text(key);
  for (const auto& data : flags.data) {
    const auto at = data.find('=');
    parameters.push_back({planning.memory.text(data.substr(0, at)),
                          at == data.npos ? nullptr : planning.memory.text(data.substr(at + 1))});
  }
  return parameters;
}

/// fsconfig(2) takes values of at most 255 bytes; lists of overlay's lower folders are longer.
bool has_long_value(const spec::Mount& mount, const spec::MountFlags& flags) {
  constexpr std::size_t most = 255;
  const auto is_long = [](const std::string& data) { return data.size() - (data.find('=') + 1) > most; };
  return mount.source.size() > most || std::any_of(flags.data.begin(), flags.data.end(), is_long);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

/// mount(2) carries everything in one word and one text.
void make_classic(Planning& planning, const spec::MountFlags& flags, init::Mount& mount) {
  mount.kind = init::MountKind::classic;
  mount.classic_flags = flags.super_set;
  for (const auto& [attribute, flag] : attribute_flags)
    if (flags.attr_set & attribute) mount.classic_flags |= flag;
  mount.classic_data = planning.memory.text(joined(flags.data));
}

void set_attributes(const spec::MountFlags& flags, init::Mount& mount, bool with_own) {
  mount.one =
      with_own ? init::Attributes{flags.attr_set, flags.attr_clr, 0, flags.implied_clr} : init::Attributes{};
  mount.whole = {flags.rec_attr_set, flags.rec_attr_clr, 0, 0};
  (flags.propagation_recursive ? mount.whole : mount.one).propagation = flags.propagation;
}

std::string source_of(const Planning& planning, const spec::Mount& from) {
  return from.source.starts_with('/') ? from.source : planning.wishes.bundle + '/' + from.source;
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
Outcome<> open_source(Planning& planning, const spec::Mount& from, const spec::MountFlags& flags,
                      IdMaps& id_maps, init::Mount& mount) {
  const std::string name = mount_name(planning.config, mount.index);
  if (!flags.data.empty())
    return refuse(fmt::format("{}: option \"{}\" is none that a bind mount has", name, flags.data.front()),
                  EINVAL);
  const std::string source = source_of(planning, from);
  const auto doing = fmt::format("{}: source {}", name, source);
  mount.clone_flags =
      (flags.recursive_bind ? AT_RECURSIVE : 0) | (flags.source_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
  mount.source = planning.memory.text(source);
  const auto map = TRY(spec::id_map(from, planning.config));
  if (!planning.owns_mounts()) {
    if (map)
      return refuse(fmt::format("{}: idmap: only root of the host may map the ids of a mount", name), EPERM);
    return leave_to_init(source, flags, doing, mount);
  }
  auto tree = TRY(explained(kernel::clone_tree(kernel::cwd, source.c_str(), mount.clone_flags), doing));
  mount.file = !S_ISDIR(TRY(explained(kernel::status(tree.get()), doing)).st_mode);
  mount.kind = planning.user_namespace() ? init::MountKind::locked : init::MountKind::tree;
  if (map) {
    TRY(id_maps.apply(planning, *map, tree, source, name));
    mount.kind = init::MountKind::tree;  // a user namespace may not map a filesystem that is not its own
  }
  mount.tree = planning.row.add(std::move(tree));
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

Outcome<> plan_bind(Planning& planning, const spec::Mount& from, const spec::MountFlags& flags,
                    std::uint64_t root_propagation, IdMaps& id_maps, init::Mount& mount) {
  if (flags.copy_symlink) {
    if (const auto text = TRY(symlink_at(planning, from, mount.index))) {
      mount.kind = init::MountKind::symlink;
      mount.source = planning.memory.text(*text);
      return {};
    }
  }
  TRY(open_source(planning, from, flags, id_maps, mount));
  cut_off(root_propagation, flags, mount);
  return {};
}

/// sysfs shows the network stack of whoever mounts it. A user namespace on the host's stack may not, so the
/// runtime makes it, detached (`fsopen("sysfs")` checks CAP_SYS_ADMIN over the network namespace).
/// An ordinary user may not either, and shows the host's /sys instead, with all that is mounted below it.
Outcome<> make_sysfs(Planning& planning, const spec::MountFlags& flags, init::Mount& mount) {
  const auto doing = mount_name(planning.config, mount.index);
  if (!planning.wishes.caller.privileged) {
    mount.kind = init::MountKind::locked;
    mount.source = planning.memory.text("/sys");
    mount.clone_flags = AT_RECURSIVE;
    mount.whole.set |= std::exchange(mount.one.set, 0);
    return {};
  }
  const auto context = TRY(explained(kernel::fsopen("sysfs"), doing));
  TRY(explained(kernel::create(context), doing));
  mount.tree = planning.row.add(TRY(explained(kernel::fsmount(context, flags.attr_set), doing)));
  mount.kind = init::MountKind::tree;
  return {};
}

bool names_mode(const spec::MountFlags& flags) {
  return std::ranges::any_of(flags.data, [](const std::string& data) { return data.starts_with("mode="); });
}

Outcome<> make_fresh(Planning& planning, const spec::Mount& from, const spec::MountFlags& flags,
                     init::Mount& mount) {
  mount.kind = init::MountKind::fresh;
  mount.source = planning.memory.text(from.source.empty() ? from.type : from.source);
  auto parameters = parameters_of(planning, flags);
  if (const auto& label = planning.linux().mount_label;
      !label.empty() && from.type != "proc" && from.type != "sysfs")
    parameters.push_back({planning.memory.text("context"), planning.memory.text(label)});
  mount.parameters = planning.memory.copy(parameters);
  mount.fresh_attributes = flags.attr_set;
  mount.copy_up = flags.copy_up;
  // A tmpfs over a folder of the image looks like it, as with the other runtimes: the kernel's own default,
  // 1777, would open /root or /etc to everyone.
  mount.mode_of_place = from.type == "tmpfs" && !names_mode(flags);
  if (!(flags.super_set & classic_only) && !has_long_value(from, flags)) return {};
  // mount(2) gives no descriptor, and a name in the root does not lead to what lies over it.
  if (from.destination == "/")
    return refuse(mount_name(planning.config, mount.index) +
                      ": iversion, silent and values above 255 bytes are not possible for what lies over the "
                      "root",
                  EINVAL);
  make_classic(planning, flags, mount);
  return {};
}

Outcome<> plan_mount(Planning& planning, std::size_t index, std::uint64_t root_propagation, IdMaps& id_maps,
                     std::vector<init::Mount>& mounts) {
  const spec::Mount& from = planning.config.mounts[index];
  const auto flags = spec::mount_flags(from);
  init::Mount mount;
  mount.index = static_cast<std::uint32_t>(index);
  mount.destination = planning.memory.text(from.destination.substr(1));
  mount.type = planning.memory.text(from.type);
  mount.nofollow = flags.destination_nofollow;
  set_attributes(flags, mount, true);
  if (flags.remount) {
    mount.kind = init::MountKind::remount;
    if (!flags.binds()) mount.parameters = planning.memory.copy(parameters_of(planning, flags));
  } else if (flags.binds()) {
    TRY(plan_bind(planning, from, flags, root_propagation, id_maps, mount));
  } else if (from.type == "cgroup" || from.type == "cgroup2") {
    set_attributes(flags, mount, false);
    mount.fresh_attributes = flags.attr_set;
    return plan_cgroup_mount(planning, mount, mounts);
  } else {
    mount.plain = from.type == "proc" || from.type == "sysfs";
    if (from.type == "sysfs" && planning.in_user_namespace() && planning.wishes.host_network) {
      TRY(make_sysfs(planning, flags, mount));
    } else {
      set_attributes(flags, mount, false);
      TRY(make_fresh(planning, from, flags, mount));
    }
  }
  mounts.push_back(mount);
  return {};
}

}  // namespace

std::string mount_name(const spec::Config& config, std::size_t index) {
  return fmt::format("mounts[{}] {}", index, config.mounts[index].destination);
}

Outcome<std::vector<init::Mount>> plan_mounts(Planning& planning, std::uint64_t root_propagation) {
  std::vector<init::Mount> mounts;
  IdMaps id_maps;
  mounts.reserve(planning.config.mounts.size());
  for (std::size_t i = 0; i < planning.config.mounts.size(); ++i)
    TRY(plan_mount(planning, i, root_propagation, id_maps, mounts));
  return mounts;
}

}  // namespace lodger::rootfs
