// The start gate's address: the socket `gate_name` in a container's folder.
#pragma once
#include <fmt/core.h>

#include "kernel/socket.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// By the folder's descriptor: sun_path has room for 107 characters, state roots may be longer. unix(7).
inline kernel::Result<sockaddr_un> gate_address(const Folder& folder) {
  return kernel::unix_address(fmt::format("/proc/self/fd/{}/{}", folder.fd(), gate_name).c_str());
}

}  // namespace lodger::container
