// A descriptor of what is seen from a place that nobody comes back from, such as another user's or mount
// namespace: setns(2).
#pragma once
#include "kernel/file.hpp"
#include "kernel/process.hpp"

namespace lodger::kernel {

/// Runs `open`, which gives a Result<Fd<Kind>>, in a child that has our table of descriptors and goes where
/// it likes. For programs without threads.
template <class Kind, class Open>
Result<Fd<Kind>> open_away(Open open) {
  struct Told {
    int fd;
    Error error;
  } told{-1, {"a child that looks elsewhere", ECHILD}};
  const std::span bytes(reinterpret_cast<char*>(&told), sizeof told);
  const auto pipe = TRY(kernel::pipe());
  int pidfd = -1;
  clone_args how{};
  how.flags = CLONE_PIDFD | CLONE_FILES;  // what the child opens is ours
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  if (TRY(fork3(how)) == 0) {
    auto opened = open();
    told = {opened ? opened->release() : -1, opened ? Error{"", 0} : opened.error()};
    exit(write_all(pipe.writer.get(), {bytes.data(), bytes.size()}) ? 0 : 1);
  }
  const auto ended = TRY(wait(Fd<Process>(pidfd)));
  if (ended.shell_status() == 0) TRY(read(pipe.reader.get(), bytes));
  if (told.error.code != 0) return std::unexpected(told.error);
  return Fd<Kind>(told.fd);
}

}  // namespace lodger::kernel
