#include "runtime/terminal/foreground.hpp"

#include "runtime/terminal/relay.hpp"

namespace lodger::terminal {
namespace {

using Master = kernel::Fd<kernel::Terminal>;

/// Our own terminal in raw mode (termios(3), cfmakeraw), as it was before when the object goes. Output
/// processing is off as well: the container's terminal has already done it, and twice would double carriage
/// returns.
class RawMode {
 public:
  explicit RawMode(int terminal) : terminal_(terminal), before_(kernel::terminal_mode(terminal)) {
    if (!before_) return;  // no terminal: nothing to change
    auto mode = *before_;
    mode.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    mode.c_cflag = (mode.c_cflag & ~static_cast<tcflag_t>(CSIZE | PARENB)) | CS8;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    (void)kernel::set_terminal_mode(terminal_, mode);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode() {
    if (before_) (void)kernel::set_terminal_mode(terminal_, *before_);
  }

 private:
  int terminal_;
  kernel::Result<termios> before_;
};

/// Children of processes that ended come to us (PR_SET_CHILD_SUBREAPER); the container's own is left for
/// the end.
void reap_others(pid_t own) {
  for (;;) {
    siginfo_t info{};
    if (!kernel::done("waitid", __NR_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, nullptr)) return;
    if (info.si_pid == 0 || info.si_pid == own) return;
    (void)kernel::done("waitid", __NR_waitid, P_PID, info.si_pid, &info, WEXITED, nullptr);
  }
}

void pass_on(Signals& signals, const kernel::Fd<kernel::Process>& process, pid_t pid, const Master& master) {
  for (auto signal = signals.next(); signal && *signal; signal = signals.next()) {
    if (*signal == SIGPIPE) continue;  // our own standard output went: the relay sees it
    if (*signal == SIGCHLD)
      reap_others(pid);
    else if (*signal == SIGWINCH && master)
      copy_window(master);
    else
      (void)kernel::send_signal(process, *signal);  // it may just have ended: the poll tells
  }
}

}  // namespace

void copy_window(const Master& master) {
  const auto size = kernel::window_size(0);
  if (size) (void)kernel::set_window_size(master.get(), *size);
}

void end_lines_as_written(const Master& master) {
  if (kernel::terminal_mode(1)) return;  // a terminal: the carriage returns are for it
  auto mode = kernel::terminal_mode(master.get());
  if (!mode) return;
  mode->c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  (void)kernel::set_terminal_mode(master.get(), *mode);
}

Outcome<kernel::Ended> stay(const kernel::Fd<kernel::Process>& process, pid_t pid, Signals& signals,
                            const Master& master, Beside beside) {
  std::optional<RawMode> raw;
  Master
      other_end;  // held, so that a moment without any holder in the container is not the end of its output
  if (master) {
    raw.emplace(0);
    if (auto peer = kernel::terminal_peer(master)) other_end = std::move(*peer);
    (void)kernel::block(master.get(), false);
  }
  // The end of a file or a pipe has to be typed, or a shell would wait for ever: termios(3), VEOF, as it is
  // by default. Twice: the first one only hands over a line that is not ended.
  Flow input(0, master.get(), Flow::Broken::stops, "\4\4"), output(master.get(), 1, Flow::Broken::discards);
  for (;;) {
    pollfd set[5] = {{process.get(), POLLIN, 0},
                     {signals.fd(), POLLIN, 0},
                     {-1, 0, 0},
                     {-1, 0, 0},
                     {beside.fd, POLLIN, 0}};
    if (master) set[2] = input.wanted(), set[3] = output.wanted();
    TRY(explained(kernel::poll(set, -1), "waiting for the container"));
    if (set[1].revents) pass_on(signals, process, pid, master);
    if (set[2].revents) input.move();
    if (set[3].revents) output.move();
    if (set[4].revents && !beside.serve()) beside.fd = -1;
    if (!set[0].revents) continue;
    if (master) output.drain();
    return explained(kernel::wait(process), "waiting for the container's process");
  }
}

}  // namespace lodger::terminal
