#include "kernel/spawn.hpp"

#include <memory>

#include "kernel/file.hpp"

namespace lodger::kernel {
namespace {

/// What the child reads and writes while it still shares our memory.
struct Launch {
  const Program& program;
  Error error{nullptr, 0};
};

Result<> prepare(const Launch& launch) {
  const Program& program = launch.program;
  TRY(lead_group());
  if (program.dies_with_us) TRY(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  TRY(place(program.input, 0));
  TRY(place(program.output, 1));
  TRY(place(program.errors, 2));
  int number = 3;
  for (const int fd : program.further) TRY(place(fd, number++));
  TRY(close_from(static_cast<unsigned>(number)));
  if (program.resets_signals) reset_signals();
  TRY(signal_mask(SIG_SETMASK, 0));
  return {};
}

void become(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  const auto ready = prepare(launch);
  const Program& program = launch.program;
  launch.error = ready ? execute(program.path, program.argv, program.envp) : ready.error();
  exit(127);
}

}  // namespace

/// Blocks all signals for as long as the child runs on our memory: a handler must not run there.
Result<Started> spawn(const Program& program) {
  // On the heap: what an address sanitizer marks in the child's frames, which never return, must not stay
  // behind in ours.
  constexpr std::size_t stack_size = 16384;
  const auto stack = std::make_unique_for_overwrite<char[]>(stack_size);
  int pidfd = -1;
  clone_args how{};
  how.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  how.stack = reinterpret_cast<std::uint64_t>(stack.get());
  how.stack_size = stack_size;
  Launch launch{program};
  const auto mask = TRY(signal_mask(SIG_SETMASK, ~std::uint64_t{0}));
  const auto pid = vfork3(how, become, &launch);
  (void)signal_mask(SIG_SETMASK, mask);  // cannot fail: the arguments are those that worked above
  if (!pid) return std::unexpected(pid.error());
  Started started{*pid, Fd<Process>(pidfd)};
  if (!launch.error.call) return started;
  TRY(wait(started.process));
  return std::unexpected(launch.error);
}

}  // namespace lodger::kernel
