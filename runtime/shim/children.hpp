// The signals that concern the shim, and the children that nobody else waits for: what the containers'
// processes leave behind comes to it when their parents end (PR_SET_CHILD_SUBREAPER, prctl(2)), and so do
// logging programs.
#pragma once
#include <functional>

#include "kernel/process.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

class Children {
 public:
  /// Blocks SIGCHLD, SIGTERM, SIGINT and SIGPIPE. From then on, on the loop, `ended` is called when a child
  /// has ended, and `asked` when the shim is to end.
  static Outcome<Children> watch(Loop& loop, Loop::Due ended, Loop::Due asked);

 private:
  explicit Children(kernel::Fd<kernel::Signals> signals) : signals_(std::move(signals)) {}
  kernel::Fd<kernel::Signals> signals_;
};

/// Reaps all children that have ended, but for those that `kept` says are waited for by others.
void reap_children(const std::function<bool(pid_t pid)>& kept);

}  // namespace lodger::shim
