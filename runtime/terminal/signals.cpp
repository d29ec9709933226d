#include <initializer_list>

#include "kernel/events.hpp"
#include "runtime/terminal/foreground.hpp"

namespace lodger::terminal {
namespace {

constexpr std::uint64_t passed_on() {
  std::uint64_t set = ~0ULL;
  for (const int signal : {SIGKILL, SIGSTOP, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGILL,
                           SIGFPE, SIGTRAP, SIGSYS, SIGABRT, 32, 33})  // 32 and 33 are the C library's own
    set &= ~kernel::signal_bit(signal);
  return set;
}

}  // namespace

Outcome<Signals> Signals::take() {
  constexpr std::string_view doing = "taking signals";
  Signals taken(TRY(explained(kernel::signal_mask(SIG_BLOCK, passed_on()), doing)));
  taken.fd_ = TRY(explained(kernel::signal_descriptor(passed_on()), doing));
  taken.ending_ =
      TRY(explained(kernel::signal_descriptor(kernel::signal_bit(SIGHUP) | kernel::signal_bit(SIGINT) |
                                              kernel::signal_bit(SIGQUIT) | kernel::signal_bit(SIGTERM)),
                    doing));
  return taken;
}

Signals::~Signals() {
  if (!before_) return;
  // What came too late has nobody to go to any more, and must not end us in the midst of our own end.
  if (fd_)
    while (next().value_or(0) != 0) continue;
  (void)kernel::signal_mask(SIG_SETMASK, *before_);
}

kernel::Result<int> Signals::next() { return kernel::next_signal(fd_.get()); }

}  // namespace lodger::terminal
