// The socket of a shim's service: who may make it and who may remove it. unix(7).
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "kernel/socket.hpp"

namespace lodger::shim {

/// A connection that never waits. EAGAIN: somebody listens, and has more callers than he has taken yet.
kernel::Result<kernel::Fd<kernel::Socket>> connect_to(const std::string& path);

/// Listens at `path`, whose folder it makes where there is none; for its owner alone. Nothing: there is a
/// shim already that listens there. What a dead one has left is removed.
Outcome<kernel::Fd<kernel::Socket>> take_socket(const std::string& path);

/// Removes the socket of a shim that is dead; nothing happens to that of one that lives.
Outcome<> remove_dead_socket(const std::string& path);

}  // namespace lodger::shim
