// Bytes from one descriptor to another, on the loop, for a terminal and for streams that a security module
// keeps the container from opening: a chunk is read once the one before is written, so that memory is bounded
// and a slow reader holds up its own writer alone.
#pragma once
#include <array>
#include <functional>
#include <memory>

#include "kernel/file.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

class Pump {
 public:
  using Done = std::function<void()>;

  /// Both descriptors do not block. `done` is called once, from the loop, when `from` has come to its end
  /// and all of it is written, or when nobody takes it any more. Both are closed then; it
  /// must not destroy the pump.
  static Outcome<std::unique_ptr<Pump>> start(Loop& loop, kernel::Fd<kernel::File> from,
                                              kernel::Fd<kernel::File> to, Done done);
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;
  ~Pump();
  /// Whoever wrote has ended: ends once what is there by now is passed on, though others may hold `from`
  /// still.
  void finish();

 private:
  Pump(Loop& loop, kernel::Fd<kernel::File> from, kernel::Fd<kernel::File> to, Done done)
      : loop_(loop), from_(std::move(from)), to_(std::move(to)), done_(std::move(done)) {}
  Outcome<> await_input();
  Outcome<> await_room();
  void read();
  void write();
  void end();

  Loop& loop_;
  kernel::Fd<kernel::File> from_, to_;
  Done done_;
  std::array<char, 4096> chunk_;  // PIPE_BUF: what a pipe that polls as writable takes at once (pipe(7))
  std::size_t begin_ = 0, end_ = 0;
  bool waiting_ = false;    // for room
  bool finishing_ = false;  // at the next moment without input
  std::size_t left_ = 0;    // what is passed on until then at most: others may go on writing
};

}  // namespace lodger::shim
