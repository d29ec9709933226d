// What callers ask to be told or given of a process that was made: --pid-file, --console-socket,
// --pidfd-socket; and, to callers in our own process, the process itself.
#pragma once
#include <functional>
#include <string>

#include "kernel/failure.hpp"
#include "runtime/launch/dialogue.hpp"
#include "spec/config.hpp"

namespace lodger::container {

struct Delivery {
  std::string console_socket, pid_file, pidfd_socket;  // paths; empty: not asked for
  // The process's descriptors 0, 1 and 2, asked for when nothing can be refused any more; empty: ours.
  std::function<Outcome<launch::Streams>(const spec::Config& config)> streams;
  bool serves_terminal = false;  // the caller goes on with the master of Made
};

/// A process that goes on by itself, for a caller that goes on as well: its parent, who has to reap it.
struct Made {
  pid_t pid = 0;
  kernel::Fd<kernel::Process> process;
  kernel::Fd<kernel::Terminal> terminal;  // the master, with process.terminal
};

/// As `wanted.streams` has them; ours where there is no process yet.
Outcome<launch::Streams> streams_for(const Delivery& wanted, const spec::Config& config);

/// The pid file comes last: it is the sign that the rest is done. It appears whole or not at all.
Outcome<> deliver(const Delivery& wanted, const launch::Launched& launched);

/// Somebody has to hold the other end of a terminal. `detached`: nobody will stay to serve it.
Outcome<> check_terminal(const Delivery& wanted, bool terminal, bool detached);

}  // namespace lodger::container
