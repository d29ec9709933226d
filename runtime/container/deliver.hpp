// What callers ask to be told or given of a process that was made: --pid-file, --console-socket,
// --pidfd-socket.
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "runtime/launch/dialogue.hpp"

namespace lodger::container {

struct Delivery {
  std::string console_socket, pid_file, pidfd_socket;  // paths; empty: not asked for
};

/// The pid file comes last: it is the sign that the rest is done. It appears whole or not at all.
Outcome<> deliver(const Delivery& wanted, const launch::Launched& launched);

/// Somebody has to hold the other end of a terminal. `detached`: nobody will stay to serve it.
Outcome<> check_terminal(const Delivery& wanted, bool terminal, bool detached);

}  // namespace lodger::container
