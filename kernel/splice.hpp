// Bytes moved between sockets without being copied to user space: splice(2), through a pipe.
#pragma once
#include "kernel/file.hpp"

namespace lodger::kernel {

/// pipe2(2), neither end ever waits.
inline Result<Pipe> pipe_without_waiting() {
  int fds[2];
  TRY(done("pipe2", __NR_pipe2, fds, O_CLOEXEC | O_NONBLOCK));
  return Pipe{Fd<File>(fds[0]), Fd<File>(fds[1])};
}
/// fcntl(2) F_SETPIPE_SZ. EPERM: the user has as much pipe memory as pipe-user-pages-soft allows (pipe(7)).
inline Result<> set_capacity(const Pipe& pipe, int bytes) {
  return done("fcntl F_SETPIPE_SZ", __NR_fcntl, pipe.writer.get(), F_SETPIPE_SZ, bytes);
}

/// At most `most` bytes, one of both ends being a pipe; 0: the end of what there is to read. EAGAIN: nothing
/// to read, or no room to write.
inline Result<std::size_t> splice(int from, int to, std::size_t most) {
  return static_cast<std::size_t>(TRY(
      restarted("splice", __NR_splice, from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK)));
}

}  // namespace lodger::kernel
