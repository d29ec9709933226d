// An id-mapped filesystem in a container's root: containerd gives a container with a user namespace the
// image's files, as everybody has them, and the map of its ids. mount_setattr(2), "ID-mapped mounts";
// containerd, docs/user-namespaces.
#pragma once
#include <optional>
#include <string>

#include "kernel/mount.hpp"
#include "runtime/shim/wire/task.hpp"
#include "spec/idmap.hpp"
#include "spec/options.hpp"

namespace lodger::shim {

/// The map of `uidmap=` and `gidmap=`, which are taken out of the options' data; none without them. Fails on
/// one of them alone. `doing` begins the text of a failure, here and below.
Outcome<std::optional<spec::IdMap>> take_map(spec::MountFlags& options, const std::string& doing);

/// The filesystem as a detached mount that shows the map's ids. Of an overlay it is the lower layers that are
/// mapped, since an upper one is the container's alone and is written as the map has it: Linux 5.19. `aside`
/// is a folder to mount it at where nobody sees it: in a private copy of the mount namespace that ends with
/// the call, so that nothing of it is left whatever happens.
Outcome<kernel::Fd<kernel::Mount>> mapped_filesystem(const wire::Mount& mount,
                                                     const spec::MountFlags& options, const spec::IdMap& map,
                                                     const std::string& aside, const std::string& doing);

}  // namespace lodger::shim
