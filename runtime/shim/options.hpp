// The options of a runtime in an engine's configuration, in whichever form the engine sends them.
#pragma once
#include <optional>
#include <string>

#include "runtime/shim/wire/start.hpp"

namespace lodger::shim {

struct Options {
  bool no_pivot = false, no_new_keyring = false;
  std::optional<bool> systemd_cgroup;  // unset: as the container's cgroupsPath is written
  std::uint32_t io_uid = 0, io_gid = 0;
  std::string root;         // the state root's parent; empty: /run/containerd/lodger
  std::string shim_cgroup;  // one that is there, for the shim itself; empty: it stays in containerd's
};

/// Of a containerd.runc.v1.Options, a containerd.linux.runc.CreateOptions or a runtimeoptions.v1.Options;
/// nothing where `any` is empty. Fails on another type, on an option that this shim does not have, and on a
/// BinaryName that is not lodger's: there is no other program that it would call.
Outcome<Options> decode_options(const wire::Any& any);

/// <root>/<namespace>: containers of two namespaces may have one name.
std::string state_root(const Options& options, const std::string& name_space);

}  // namespace lodger::shim
