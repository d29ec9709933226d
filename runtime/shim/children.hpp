// The ends of the shim's children: the containers' processes, which are born as its children or come to it
// when their parents end (PR_SET_CHILD_SUBREAPER, prctl(2)).
#pragma once
#include <functional>

#include "kernel/process.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

class Children {
 public:
  using Ended = std::function<void(pid_t pid, std::uint32_t status)>;

  /// Blocks SIGCHLD, SIGTERM, SIGINT and SIGPIPE. From then on `ended` is called, on the loop, with
  /// each child that is reaped and its exit status (128 + signal), and `asked` when the shim is to end.
  static Outcome<Children> watch(Loop& loop, Ended ended, Loop::Due asked);

 private:
  explicit Children(kernel::Fd<kernel::Signals> signals) : signals_(std::move(signals)) {}
  kernel::Fd<kernel::Signals> signals_;
};

}  // namespace lodger::shim
