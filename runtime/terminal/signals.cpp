#include <sys/signalfd.h>

#include <initializer_list>

#include "runtime/terminal/foreground.hpp"

namespace lodger::terminal {
namespace {

constexpr std::uint64_t bit(int signal) { return 1ULL << (signal - 1); }

constexpr std::uint64_t passed_on() {
  std::uint64_t set = ~0ULL;
  for (const int signal : {SIGKILL, SIGSTOP, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGILL,
                           SIGFPE, SIGTRAP, SIGSYS, SIGABRT, 32, 33})  // 32 and 33 are the C library's own
    set &= ~bit(signal);
  return set;
}

kernel::Result<kernel::Fd<kernel::Signals>> open(std::uint64_t set) {
  return kernel::opened<kernel::Signals>("signalfd4", __NR_signalfd4, -1, &set, sizeof set,
                                         SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

Outcome<Signals> Signals::take() {
  constexpr std::string_view doing = "taking signals";
  Signals taken(TRY(explained(kernel::signal_mask(SIG_BLOCK, passed_on()), doing)));
  taken.fd_ = TRY(explained(open(passed_on()), doing));
  taken.ending_ = TRY(explained(open(bit(SIGHUP) | bit(SIGINT) | bit(SIGQUIT) | bit(SIGTERM)), doing));
  return taken;
}

Signals::~Signals() {
  if (!before_) return;
  // What came too late has nobody to go to any more, and must not end us in the midst of our own end.
  if (fd_)
    while (next().value_or(0) != 0) continue;
  (void)kernel::signal_mask(SIG_SETMASK, *before_);
}

kernel::Result<int> Signals::next() {
  signalfd_siginfo info{};
  auto got = kernel::restarted("read", __NR_read, fd_.get(), &info, sizeof info);
  if (!got && got.error().code == EAGAIN) return 0;
  TRY(std::move(got));
  return static_cast<int>(info.ssi_signo);
}

}  // namespace lodger::terminal
