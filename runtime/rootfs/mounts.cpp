// From mounts[] to init's mounts. runtime-spec, config.md, "Mounts"; mount_setattr(2).
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "kernel/mount.hpp"
#include "runtime/rootfs/binds.hpp"
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

/// A bind mount shows a filesystem that somebody else mounted: nothing can be asked of that filesystem.
/// Others ignore it without a word. But a word without a value may be a flag that is misspelt ("noxec").
Outcome<> check_filesystem_options(Planning& planning, std::size_t index, const spec::MountFlags& flags) {
  for (const auto& data : flags.data)
    if (data.find('=') == data.npos)
      return refuse(fmt::format("{}: option \"{}\" is unknown, and a bind mount has no filesystem of its own "
                                "that could take it",
                                mount_name(planning.config, index), data),
                    EINVAL);
  const auto warn = [&](std::string_view option) {
    planning.warnings.push_back(fmt::format("{}: option \"{}\" has no effect on a bind mount",
                                            mount_name(planning.config, index), option));
  };
  for (const auto& option : super_options)
    if (flags.super_set & option.flag) warn(option.set);
  if (flags.super_set & MS_I_VERSION) warn("iversion");
  for (const auto& data : flags.data) warn(data);
  return {};
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
  if (!*mount.destination)
    return refuse(mount_name(planning.config, mount.index) +
                      ": iversion, silent and values above 255 bytes are not possible for what lies over the "
                      "root",
                  EINVAL);
  make_classic(planning, flags, mount);
  return {};
}

/// Where it goes inside the root, without the leading slash. As with runc, the root's own path on the host is
/// taken off: some name the places in a container by it.
std::string_view destination_inside(Planning& planning, const init::Rootfs& rootfs, std::size_t index) {
  const std::string_view named = planning.config.mounts[index].destination;
  const auto inside = path_below(rootfs.path, named);
  if (!inside) return named.substr(1);
  planning.warnings.push_back(fmt::format("{}: taken as /{}, since it begins with the root's path",
                                          mount_name(planning.config, index), *inside));
  return *inside;
}

Outcome<> plan_mount(Planning& planning, std::size_t index, Binds& binds, std::vector<init::Mount>& mounts) {
  const spec::Mount& from = planning.config.mounts[index];
  const auto flags = spec::mount_flags(from);
  init::Mount mount;
  mount.index = static_cast<std::uint32_t>(index);
  mount.destination = planning.memory.text(destination_inside(planning, binds.rootfs, index));
  mount.type = planning.memory.text(from.type);
  mount.nofollow = flags.destination_nofollow;
  if (flags.binds()) TRY(check_filesystem_options(planning, index, flags));
  set_attributes(flags, mount, true);
  if (flags.remount) {
    mount.kind = init::MountKind::remount;
    if (!flags.binds()) mount.parameters = planning.memory.copy(parameters_of(planning, flags));
  } else if (flags.binds()) {
    TRY(plan_bind(binds, from, flags, mounts, mount));
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

Outcome<std::vector<init::Mount>> plan_mounts(Planning& planning, const init::Rootfs& rootfs) {
  std::vector<init::Mount> mounts;
  Binds binds{planning, rootfs, {}};
  mounts.reserve(planning.config.mounts.size());
  for (std::size_t i = 0; i < planning.config.mounts.size(); ++i)
    TRY(planning.failures.noted(plan_mount(planning, i, binds, mounts)));
  return mounts;
}

}  // namespace lodger::rootfs
