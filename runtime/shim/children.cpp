#include "runtime/shim/children.hpp"

#include "kernel/events.hpp"

namespace lodger::shim {
namespace {

using kernel::signal_bit;
constexpr std::uint64_t taken = signal_bit(SIGCHLD) | signal_bit(SIGTERM) | signal_bit(SIGINT);
// Never taken: it stays pending. Ignored, it would be so in hooks and logging programs as well.
constexpr std::uint64_t blocked = taken | signal_bit(SIGPIPE);

}  // namespace

Outcome<Children> Children::watch(Loop& loop, Loop::Due ended, Loop::Due asked) {
  constexpr std::string_view doing = "watching the shim's children";
  TRY(explained(kernel::signal_mask(SIG_BLOCK, blocked), doing));
  Children children(TRY(explained(kernel::signal_descriptor(taken), doing)));
  const int fd = children.signals_.get();
  TRY(loop.watch(fd, EPOLLIN, [fd, ended = std::move(ended), asked = std::move(asked)](std::uint32_t) {
    while (const int signal = kernel::next_signal(fd).value_or(0)) {
      if (signal != SIGCHLD) return asked();
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
