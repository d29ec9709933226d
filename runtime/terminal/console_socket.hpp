// Handing a terminal to whoever asked for it. Source: runc's docs/terminals.md, "Detached".
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "kernel/socket.hpp"

namespace lodger::terminal {

/// Connects to the AF_UNIX stream socket at `path`. `option` names the flag in failures ("--console-socket").
/// Whoever does not accept the connection, or does not read what is sent over it, makes it fail after
/// seconds: the container's lock is held meanwhile.
Outcome<kernel::Fd<kernel::Socket>> connect_to(const char* option, const std::string& path);

/// Sends one descriptor with its name, as receivers of --console-socket and --pidfd-socket expect.
Outcome<> send_fd(const char* option, const kernel::Fd<kernel::Socket>& socket, int fd,
                  std::string_view name);

}  // namespace lodger::terminal
