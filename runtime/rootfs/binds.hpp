// Bind mounts: where their sources come from. Most are opened here, from the runtime's own view of the host.
// What the container's earlier mounts put into its root exists nowhere yet: init takes it at its turn.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "runtime/rootfs/idmap.hpp"
#include "runtime/rootfs/rootfs.hpp"
#include "spec/options.hpp"

namespace lodger::rootfs {

/// What the bind mounts of one container share.
struct Binds {
  Planning& planning;
  const init::Rootfs& rootfs;  // its path and propagation
  IdMaps id_maps;
};

/// `earlier`: the mounts that stand before it in the plan.
Outcome<> plan_bind(Binds& binds, const spec::Mount& from, const spec::MountFlags& flags,
                    std::span<const init::Mount> earlier, init::Mount& mount);

/// `path` seen from `folder`, by the texts alone and without slashes at its ends: nothing where it is not
/// below it, or where `folder` is the root of everything.
std::optional<std::string_view> path_below(std::string_view folder, std::string_view path);

}  // namespace lodger::rootfs
