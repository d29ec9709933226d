// Another program, started from ours. vfork(2), execve(2).
#pragma once
#include "kernel/process.hpp"

namespace lodger::kernel {

struct Program {
  const char* path;
  const char* const* argv;  // both end with a null pointer
  const char* const* envp;
  int input, output, errors;    // its descriptors 0, 1 and 2
  bool dies_with_us = false;    // killed when the thread that started it ends
  bool resets_signals = false;  // it ignores none that we ignore, or our caller did
  std::span<const int>
      further{};  // its descriptors from 3 on; each has a number of at least 3 + further.size()
};

struct Started {
  pid_t pid = 0;
  Fd<Process> process;
};

/// Starts the program as the leader of a process group, with no signal blocked. It runs in our memory until
/// its exec: nothing is copied, however large the caller is, and the error of the exec comes back in a
/// variable. An error means that nothing runs.
Result<Started> spawn(const Program& program);

}  // namespace lodger::kernel
