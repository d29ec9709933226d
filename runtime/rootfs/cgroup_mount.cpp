// A mount of type cgroup or cgroup2: what the container sees of its cgroup. cgroup_namespaces(7).
// With a cgroup namespace the filesystem itself is mounted and shows the container's cgroup as its root;
// without one the container's own folder is bound, so that it sees no foreign cgroup.
#include <fmt/core.h>

#include <algorithm>

#include "kernel/mount.hpp"
#include "runtime/rootfs/rootfs.hpp"

namespace lodger::rootfs {
namespace {

class Expansion {
 public:
  Expansion(Planning& planning, const init::Mount& common, std::vector<init::Mount>& mounts)
      : planning_(planning), common_(common), mounts_(mounts) {
    common_.needs_cgroup = true;
  }

  void unified(const std::string& place, const std::string& host) { show("cgroup2", {}, place, host); }

  void version_1(const cgroups::Layout& layout) {
    auto& folder = add(init::MountKind::fresh, common_.destination);
    folder.type = folder.source = text("tmpfs");
    folder.parameters = planning_.memory.copy(std::vector<init::Parameter>{{text("mode"), text("755")}});
    folder.fresh_attributes &= ~static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY);
    for (const auto& hierarchy : layout.hierarchies) show_hierarchy(hierarchy);
    close_folder();
  }

  /// Neither a namespace nor a cgroup of its own: what there is, to be looked at only. A user may own cgroups
  /// in it that are no business of the container's (CVE-2023-25809).
  void as_on_host() {
    auto& mount = add(init::MountKind::subtree, common_.destination);
    mount.source = text("/sys/fs/cgroup");
    close(mount);
  }

 private:
  void close(init::Mount& mount) {
    mount.clone_flags = AT_RECURSIVE;
    mount.whole.set |= common_.fresh_attributes | MOUNT_ATTR_RDONLY;
  }

  init::Name text(std::string_view text) { return planning_.memory.text(text); }

  init::Mount& add(init::MountKind kind, std::string_view destination) {
    auto& mount = mounts_.emplace_back(common_);
    mount.kind = kind;
    mount.destination = text(destination);
    // In the runtime's own mount namespace nothing has cut a copy off from the host's mounts.
    if (kind == init::MountKind::subtree && !planning_.separate(spec::NamespaceType::mount))
      mount.base_propagation = MS_SLAVE;
    return mount;
  }

  void show(const char* type, const std::vector<init::Parameter>& parameters, const std::string& place,
            const std::string& host) {
    if (planning_.separate(spec::NamespaceType::cgroup)) {
      auto& mount = add(init::MountKind::fresh, place);
      mount.type = mount.source = text(type);
      mount.parameters = planning_.memory.copy(parameters);
      return;
    }
    auto& mount = add(init::MountKind::subtree, place);
    mount.source = text(host + planning_.wishes.cgroup_path);
    mount.one.set = mount.fresh_attributes;
    if (planning_.wishes.cgroup_path.empty()) close(mount);
  }

  void show_hierarchy(const cgroups::Hierarchy& hierarchy) {
    const std::string name = hierarchy.folder.substr(hierarchy.folder.rfind('/') + 1);
    const std::string place = fmt::format("{}/{}", common_.destination, name);
    std::vector<init::Parameter> parameters;
    for (const auto& controller : hierarchy.controllers) {
      constexpr std::string_view named = "name=";
      if (!controller.starts_with(named)) {
        parameters.push_back({text(controller), nullptr});
        continue;
      }
      parameters.push_back({text("none"), nullptr});
      parameters.push_back({text("name"), text(std::string_view(controller).substr(named.size()))});
    }
    show("cgroup", parameters, place, hierarchy.folder);
    if (hierarchy.controllers.size() == 1) return;
    for (const auto& controller : hierarchy.controllers) {  // cpu -> cpu,cpuacct
      auto& link = add(init::MountKind::symlink, fmt::format("{}/{}", common_.destination, controller));
      link.source = text(name);
    }
  }

  /// The folder of hierarchies is closed for writing once all of them are in it.
  void close_folder() {
    if (!(common_.fresh_attributes & MOUNT_ATTR_RDONLY)) return;
    auto& folder = add(init::MountKind::remount, common_.destination);
    folder.one = {MOUNT_ATTR_RDONLY, 0, 0};
    folder.whole = {};
  }

  Planning& planning_;
  init::Mount common_;
  std::vector<init::Mount>& mounts_;
};

}  // namespace

Outcome<> plan_cgroup_mount(Planning& planning, const init::Mount& common, std::vector<init::Mount>& mounts) {
  const cgroups::Layout& layout = *planning.wishes.layout;
  Expansion expansion(planning, common, mounts);
  const bool asks_for_v2 = planning.config.mounts[common.index].type == "cgroup2";
  if (asks_for_v2 && layout.unified.empty())
    return refuse(fmt::format("{}: type cgroup2: this machine has no cgroup2 tree",
                              mount_name(planning.config, common.index)),
                  ENODEV);
  if (asks_for_v2 || layout.kind == cgroups::Kind::v2)
    expansion.unified(common.destination, layout.unified);
  else if (planning.wishes.cgroup_path.empty() && !planning.separate(spec::NamespaceType::cgroup))
    expansion.as_on_host();
  else
    expansion.version_1(layout);
  return {};
}

}  // namespace lodger::rootfs
