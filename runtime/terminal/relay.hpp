// Bytes between our standard streams and a terminal's master, unchanged and in order, without ever waiting
// for a slow side while the other has something to say.
#pragma once
#include <poll.h>

#include <array>
#include <string_view>

#include "kernel/terminal.hpp"

namespace lodger::terminal {

/// One direction. A chunk is read only when the one before is written, so memory is bounded; it is no larger
/// than PIPE_BUF, so a pipe that polls as writable takes it without blocking (pipe(7)).
class Flow {
 public:
  /// What follows when nobody takes the bytes any more: the source is left alone, or read all the same, so
  /// that whoever writes there is not held up for ever.
  enum class Broken : bool { stops, discards };
  /// `farewell` is passed on once, after all that was read. Its bytes are the caller's.
  Flow(int from, int to, Broken broken, std::string_view farewell = {})
      : from_(from), to_(to), broken_(broken), farewell_(farewell) {}

  /// What to poll for next; an fd of -1 where this direction has come to its end.
  pollfd wanted() const;
  /// Moves what can be moved now. After an error or the end of input it does nothing any more.
  void move();
  bool ended() const { return ended_; }
  /// Everything that is there to be read without waiting.
  void drain();

 private:
  void read();
  void write();

  int from_, to_;
  Broken broken_;
  std::string_view farewell_;
  bool ended_ = false, discarding_ = false;
  std::size_t begin_ = 0, end_ = 0;
  std::array<char, 4096> chunk_;
};

}  // namespace lodger::terminal
