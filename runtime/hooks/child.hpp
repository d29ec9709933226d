// One hook's process.
#pragma once
#include <optional>
#include <string>

#include "kernel/process.hpp"
#include "spec/config.hpp"

namespace lodger::hooks {

struct Child {
  pid_t pid = 0;
  kernel::Fd<kernel::Process> process;
  kernel::Fd<kernel::File> output;  // its stdout and stderr
};

/// Starts the hook as the leader of a process group, `input` on its stdin, no descriptor but the standard
/// ones, no signal blocked. An error means that nothing runs: also that of its execve(2).
kernel::Result<Child> start(const spec::Hook& hook, std::string_view input);

/// What became of it.
struct End {
  std::optional<kernel::Ended>
      ended;  // none: it took longer than its time, or was interrupted, and was killed
  bool interrupted = false;
  std::string tail;  // the last 4 KiB of its output
};
/// Waits at most `seconds` for its end, reaps it, and gathers its output meanwhile. Does not wait for
/// processes that it left behind, though they may hold the output open.
kernel::Result<End> finish(const Child& child, std::optional<int> seconds, int interrupt = -1);

}  // namespace lodger::hooks
