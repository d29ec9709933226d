// Descriptors that a container's process is to inherit behind its streams: those of socket activation, then
// those of --preserve-fds. sd_listen_fds(3), runc-run(8).
#pragma once
#include "kernel/failure.hpp"
#include "spec/process.hpp"

namespace lodger::container {

struct Preserved {
  unsigned count = 0;      // from descriptor 3 on
  bool activated = false;  // some of them are the service manager's: the process is to know its own pid
};

/// Counts them and sees that all are open; ours never survive an exec. Those of socket activation are
/// announced in the environment of `process` (nullptr: there is none to start), in place of what the
/// configuration says there. $LISTEN_FDS counts for who $LISTEN_PID names: where that is not lodger, the
/// variables were left over by somebody else's start, and nothing is handed on. Refuses a $LISTEN_FDS of
/// lodger's that is no number.
Outcome<Preserved> preserve(unsigned preserve_fds, spec::Process* process);

}  // namespace lodger::container
