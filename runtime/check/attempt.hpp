// Trying something in a process that ends at once, so that it has no effect on us.
#pragma once
#include "kernel/process.hpp"

namespace lodger::check {

/// Runs `body` in a child and gives its result; the child's own failure to start is told as such.
template <class Body>
kernel::Result<> attempt(Body body) {
  int pidfd = -1;
  clone_args how{};
  how.flags = CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  if (TRY(kernel::fork3(how)) == 0) {
    const auto result = body();
    kernel::exit(result ? 0 : result.error().code & 0xff);
  }
  const auto ended = TRY(kernel::wait(kernel::Fd<kernel::Process>(pidfd)));
  if (ended.code != CLD_EXITED) return kernel::fail("attempt", EINTR);
  return ended.status ? kernel::fail("attempt", ended.status) : kernel::Result<>{};
}

}  // namespace lodger::check
