// The parent's half of the root filesystem: from the configuration to init::Rootfs. Opens what lies on the
// host (the root, sources of binds, device nodes of user namespaces); touches nothing inside the container's
// root.
#pragma once
#include "runtime/plan/planning.hpp"

namespace lodger::rootfs {

using plan::Planning;

/// The whole of it. Failures name the property: "root.path /b/rootfs: No such file or directory".
Outcome<init::Rootfs> plan_rootfs(Planning& planning);

/// All mounts, in order, cgroup mounts expanded, for the root that is planned so far. mounts.cpp
Outcome<std::vector<init::Mount>> plan_mounts(Planning& planning, const init::Rootfs& rootfs);
/// A mount of type cgroup becomes what this machine's layout needs. cgroup_mount.cpp
Outcome<> plan_cgroup_mount(Planning& planning, const init::Mount& common, std::vector<init::Mount>& mounts);
/// linux.devices, then the default devices that it leaves out. devices.cpp
Outcome<std::vector<init::Device>> plan_devices(Planning& planning, bool with_defaults);

/// "mounts[3] /data": how failures name a mount.
std::string mount_name(const spec::Config& config, std::size_t index);

}  // namespace lodger::rootfs
