// Pseudo-terminals. pts(4), ioctl_tty(2).
#pragma once
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <sys/ioctl.h>

#include "kernel/file.hpp"

namespace lodger::kernel {

inline Result<> unlock_terminal(const Fd<Terminal>& master) {
  const int lock = 0;
  return done("ioctl TIOCSPTLCK", __NR_ioctl, master.get(), TIOCSPTLCK, &lock);
}
/// TIOCGPTPEER: the other end of this very master, whatever is mounted over /dev/pts meanwhile.
inline Result<Fd<Terminal>> terminal_peer(const Fd<Terminal>& master) {
  return opened<Terminal>("ioctl TIOCGPTPEER", __NR_ioctl, master.get(), TIOCGPTPEER,
                          O_RDWR | O_NOCTTY | O_CLOEXEC);
}
inline Result<> set_window_size(int terminal, const winsize& size) {
  return done("ioctl TIOCSWINSZ", __NR_ioctl, terminal, TIOCSWINSZ, &size);
}
inline Result<winsize> window_size(int terminal) {
  winsize size{};
  TRY(done("ioctl TIOCGWINSZ", __NR_ioctl, terminal, TIOCGWINSZ, &size));
  return size;
}
/// Makes it the controlling terminal of our session.
inline Result<> control_terminal(int terminal) {
  return done("ioctl TIOCSCTTY", __NR_ioctl, terminal, TIOCSCTTY, 0);
}
inline Result<termios> terminal_mode(int terminal) {
  termios mode{};
  TRY(done("ioctl TCGETS", __NR_ioctl, terminal, TCGETS, &mode));
  return mode;
}
inline Result<> set_terminal_mode(int terminal, const termios& mode) {
  return done("ioctl TCSETSW", __NR_ioctl, terminal, TCSETSW, &mode);
}

}  // namespace lodger::kernel
