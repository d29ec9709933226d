// A container in the foreground: its terminal and its signals, until it ends.
#pragma once
#include <functional>
#include <optional>

#include "kernel/failure.hpp"
#include "kernel/process.hpp"
#include "kernel/terminal.hpp"

namespace lodger::terminal {

/// Signals that the runtime passes on, blocked for as long as the object lives and read from a descriptor.
/// Not those of the shell's job control, nor SIGURG and faults. SIGPIPE is taken
/// and not passed on: it is our own. signalfd(2).
class Signals {
 public:
  static Outcome<Signals> take();
  Signals(Signals&& other) noexcept
      : fd_(std::move(other.fd_)),
        ending_(std::move(other.ending_)),
        before_(std::exchange(other.before_, {})) {}
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  int fd() const { return fd_.get(); }
  /// Readable while one of HUP, INT, QUIT and TERM waits to be taken.
  int ending() const { return ending_.get(); }
  /// The next one's number, 0 when there is none.
  kernel::Result<int> next();

 private:
  explicit Signals(std::uint64_t before) : before_(before) {}
  kernel::Fd<kernel::Signals> fd_, ending_;
  std::optional<std::uint64_t> before_;
};

/// Gives the container's terminal the size of ours, where standard input is one.
void copy_window(const kernel::Fd<kernel::Terminal>& master);

/// A further descriptor, to be served while waiting: `serve` is called when it can be read, until it says
/// false.
struct Beside {
  int fd = -1;
  std::function<bool()> serve;
};

/// Has the container's terminal put no carriage return before a newline where our standard output is no
/// terminal: what goes to a file or a pipe is read by lines. To be called before the process starts, which
/// may ask for them again. termios(3), ONLCR.
void end_lines_as_written(const kernel::Fd<kernel::Terminal>& master);

/// Waits for the end of `process` and reaps it. Meanwhile signals go to it; with a terminal, standard input
/// goes to its master and what comes from there to standard output, byte for byte, and its window follows
/// ours. Our own terminal is raw for that time.
Outcome<kernel::Ended> stay(const kernel::Fd<kernel::Process>& process, pid_t pid, Signals& signals,
                            const kernel::Fd<kernel::Terminal>& master, Beside beside = {});

}  // namespace lodger::terminal
