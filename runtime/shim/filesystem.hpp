// A filesystem of a container's root, mounted by mount(2), whose options are one text: containerd writes them
// for that call. mount(2); the kernel's Documentation/filesystems/overlayfs.rst.
#pragma once
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "runtime/shim/wire/task.hpp"
#include "spec/options.hpp"

namespace lodger::shim {

/// Mounts it at `target`; `options` is what mount.options come to, `doing` begins the text of a failure.
/// Options that are longer than a page are made shorter by the calling thread's working folder, which is what
/// it was afterwards.
Outcome<> mount_filesystem(const wire::Mount& mount, spec::MountFlags options, const std::string& target,
                           const std::string& doing);

/// The folders that an overlay has below its upper one.
std::vector<std::string> layers_of(const spec::MountFlags& options);

}  // namespace lodger::shim
