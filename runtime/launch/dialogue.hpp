// The talk with one init: orders go out, events come in, failures are phrased.
#pragma once
#include "runtime/launch/child.hpp"

namespace lodger::launch {

/// A container's process that waits for its start.
struct Launched {
  Child child;
  kernel::Fd<kernel::Terminal> terminal;  // the master, with process.terminal
};

class Dialogue {
 public:
  /// All of it outlives the dialogue. `interrupt`: see Launch.
  Dialogue(const spec::Config& config, plan::Built& built, Launched& launched, int interrupt)
      : config_(config), built_(built), made_(launched), interrupt_(interrupt) {}

  Outcome<> begin(const plan::Row& row);
  Outcome<> order(init::Order order, std::span<const int> fds = {});
  Outcome<> enter_cgroup(std::span<const kernel::Fd<kernel::File>> entrances);
  /// Waits for an event; a terminal may come before it, a failure instead of it.
  Outcome<Message> expect(init::Event event);
  /// Init's own failure, if it has told of one by now, else `ours`, which may only follow from that.
  Failure first_failure(Failure ours);
  /// Goes on with the second clone once it has come to be.
  Outcome<> adopt_second();

  /// Gives the trees that init sends the id maps that only we may give: mount_setattr(2), EPERM. Each comes
  /// once init has taken the order to enter its cgroup, which must have been sent.
  Outcome<> map_trees(const plan::Row& row);

  /// Puts the seccomp program into the plan.
  Outcome<> compile_filter(plan::Memory& memory);

  pid_t pid() const { return made_.child.pid(); }

 private:
  const spec::Config& config_;
  plan::Built& built_;
  Launched& made_;
  int interrupt_;
};

/// Waits until there is a message of init's. It may be at work for long (its hooks, a slow filesystem):
/// whoever wants to end that can, by `interrupt` becoming readable (-1: nobody). EINTR.
Outcome<> wait_for_message(const kernel::Fd<kernel::Socket>& socket, int interrupt);

/// What is said of an init that ended without a word.
Failure silent_end();

}  // namespace lodger::launch
