#include "runtime/shim/children.hpp"

#include <sys/signalfd.h>

namespace lodger::shim {
namespace {

constexpr std::uint64_t bit(int signal) { return 1ULL << (signal - 1); }
constexpr std::uint64_t taken = bit(SIGCHLD) | bit(SIGTERM) | bit(SIGINT);
// Never taken: it stays pending. Ignored, it would be so in hooks and logging programs as well.
constexpr std::uint64_t blocked = taken | bit(SIGPIPE);

}  // namespace

Outcome<Children> Children::watch(Loop& loop, Loop::Due ended, Loop::Due asked) {
  constexpr std::string_view doing = "watching the shim's children";
  TRY(explained(kernel::signal_mask(SIG_BLOCK, blocked), doing));
  Children children(TRY(explained(kernel::opened<kernel::Signals>("signalfd4", __NR_signalfd4, -1, &taken,
                                                                  sizeof taken, SFD_CLOEXEC | SFD_NONBLOCK),
                                  doing)));
  const int fd = children.signals_.get();
  TRY(loop.watch(fd, EPOLLIN, [fd, ended = std::move(ended), asked = std::move(asked)](std::uint32_t) {
    signalfd_siginfo info{};
    while (kernel::call("read", __NR_read, fd, &info, sizeof info)) {
      if (info.ssi_signo != SIGCHLD) return asked();
      ended();
    }
  }));
  return children;
}

/// The first that has ended is looked at before it is reaped: one that is kept stands before all others until
/// then, which comes with the next end.
void reap_children(const std::function<bool(pid_t pid)>& kept) {
  for (;;) {
    siginfo_t info{};
    if (!kernel::restarted("waitid", __NR_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, nullptr))
      return;
    if (info.si_pid == 0 || kept(info.si_pid)) return;
    (void)kernel::restarted("waitid", __NR_waitid, P_PID, info.si_pid, &info, WEXITED | WNOHANG, nullptr);
  }
}

}  // namespace lodger::shim
