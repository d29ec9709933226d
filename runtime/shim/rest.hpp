// Memory that the shim has no use for while it waits.
#pragma once
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

/// Once nothing has been asked for a second, the heap's free pages go back to the kernel, and the program's
/// own pages leave its memory: they come back out of the page cache when they are wanted.
class Rest {
 public:
  explicit Rest(Loop& loop) : loop_(loop) {}
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;
  ~Rest() { disturb(); }
  /// Something was done: the second begins anew.
  void begin();

 private:
  void disturb();
  Loop& loop_;
  std::uint64_t timer_ = 0;
};

}  // namespace lodger::shim
