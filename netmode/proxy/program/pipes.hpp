// The pipes that bytes pass through. A way holds one only while bytes are in it: thousands of connections
// that are idle share the few that are warm.
#pragma once
#include "kernel/splice.hpp"

namespace lodger::netmode::proxy {

class Pipes {
 public:
  /// An empty one. EMFILE, ENFILE: none can be had now.
  kernel::Result<kernel::Pipe> take() {
    if (count_ > 0) return std::move(idle_[--count_]);
    auto pipe = TRY(kernel::pipe_without_waiting());
    if (large_ == kept) return pipe;
    ++large_;
    (void)kernel::set_capacity(pipe, capacity);  // what it has of its own is enough, only slower
    return pipe;
  }
  /// Takes back one that is empty again.
  void give(kernel::Pipe pipe) {
    if (count_ < kept) idle_[count_++] = std::move(pipe);
  }

 private:
  // Against 64 KiB it takes a fifth off the processor time of a gigabyte; the most that anybody may have:
  // pipe-max-size of pipe(7). Only the first ones are so large: clients that do not read would use up what
  // all processes of our user may have (pipe-user-pages-soft), and every pipe made after that would be a page
  // or two.
  static constexpr int capacity = 1024 * 1024;
  static constexpr unsigned kept = 8;  // of `others` in limits.hpp they take 16
  kernel::Pipe idle_[kept];
  unsigned count_ = 0, large_ = 0;
};

}  // namespace lodger::netmode::proxy
