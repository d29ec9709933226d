// A hook is started as vfork(2) has it, in our memory until its exec: nothing is copied, however large the
// caller is, and the error of the exec comes back in a variable. The state is a memory file of its own on
// its stdin rather than a pipe, so that no hook can block its runtime by not reading.
#include "runtime/hooks/child.hpp"

#include <memory>
#include <vector>

#include "kernel/memory.hpp"
#include "kernel/time.hpp"

namespace lodger::hooks {
namespace {

using kernel::Fd;
using kernel::Result;

constexpr std::size_t most_output = 4096;

/// What the child reads and writes while it still shares our memory.
struct Launch {
  int input, output;
  const char* path;
  const char* const* argv;
  const char* const* envp;
  kernel::Error error{nullptr, 0};
};

Result<> prepare(const Launch& launch) {
  TRY(kernel::lead_group());
  TRY(kernel::place(launch.input, 0));
  TRY(kernel::place(launch.output, 1));
  TRY(kernel::place(launch.output, 2));
  TRY(kernel::close_from(3));
  TRY(kernel::signal_mask(SIG_SETMASK, 0));
  return {};
}

void become_hook(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  const auto ready = prepare(launch);
  launch.error = ready ? kernel::execute(launch.path, launch.argv, launch.envp) : ready.error();
  kernel::exit(127);
}

/// Into `texts`, which has to outlive them.
std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts) out.push_back(text.c_str());
  out.push_back(nullptr);
  return out;
}

/// One for each hook, which may write to it: the next one reads its own.
Result<Fd<kernel::Memory>> memory_with(std::string_view text) {
  auto memory = TRY(kernel::memfd("hook-state", 0));
  TRY(kernel::write_all(memory.get(), text));
  TRY(kernel::rewind(memory.get()));
  return memory;
}

/// Blocks all signals for as long as the child runs on our memory: a handler must not run there.
Result<Child> launched(Launch& launch) {
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
  const auto mask = TRY(kernel::signal_mask(SIG_SETMASK, ~std::uint64_t{0}));
  const auto pid = kernel::vfork3(how, become_hook, &launch);
  (void)kernel::signal_mask(SIG_SETMASK, mask);  // cannot fail: the arguments are those that worked above
  if (!pid) return std::unexpected(pid.error());
  Child child{*pid, Fd<kernel::Process>(pidfd), {}};
  if (!launch.error.call) return child;
  TRY(kernel::wait(child.process));
  return std::unexpected(launch.error);
}

/// Appends one read's worth to the tail. False at the end of the output.
Result<bool> gather(const Fd<kernel::File>& output, std::string& tail) {
  char part[most_output];
  const std::size_t n = TRY(kernel::read(output.get(), part));
  tail.append(part, n);
  if (tail.size() > most_output) tail.erase(0, tail.size() - most_output);
  return n > 0;
}

/// What a pipe holds at the hook's end: at most its capacity, pipe(7), as others may go on writing.
Result<> gather_rest(const Fd<kernel::File>& output, std::string& tail) {
  pollfd waited{output.get(), POLLIN, 0};
  for (int reads = 0; reads < 16; ++reads)
    if (TRY(kernel::poll({&waited, 1}, 0)) == 0 || !TRY(gather(output, tail))) break;
  return {};
}

enum class Seen : unsigned char { end, deadline, interrupt };

/// What comes first.
Result<Seen> watch(const Child& child, std::optional<std::int64_t> deadline, int interrupt,
                   std::string& tail) {
  pollfd waited[] = {
      {child.process.get(), POLLIN, 0}, {child.output.get(), POLLIN, 0}, {interrupt, POLLIN, 0}};
  for (;;) {
    const int ready = TRY(kernel::poll(waited, deadline ? kernel::milliseconds_until(*deadline) : -1));
    if (waited[0].revents) return Seen::end;
    if (waited[2].revents) return Seen::interrupt;
    if (ready == 0) return Seen::deadline;
    if (!TRY(gather(child.output, tail))) waited[1].fd = -1;  // closed, or handed on: only the end counts now
  }
}

}  // namespace

Result<Child> start(const spec::Hook& hook, std::string_view input) {
  const auto memory = TRY(memory_with(input));
  auto pipe = TRY(kernel::pipe());
  auto argv = pointers(hook.args);
  if (hook.args.empty()) argv = {hook.path.c_str(), nullptr};
  const auto env = hook.env.value_or(std::vector<std::string>{});
  const auto envp = pointers(env);
  Launch launch{memory.get(), pipe.writer.get(), hook.path.c_str(), argv.data(), envp.data()};
  Child child = TRY(launched(launch));
  child.output = std::move(pipe.reader);
  return child;
}

Result<End> finish(const Child& child, std::optional<int> seconds, int interrupt) {
  std::optional<std::int64_t> deadline;
  if (seconds) deadline = kernel::monotonic_ns() + std::int64_t{*seconds} * 1'000'000'000;
  End end;
  const auto seen = watch(child, deadline, interrupt, end.tail);
  if (!seen || *seen != Seen::end)
    (void)kernel::signal_group(child.pid, SIGKILL);  // it may have ended by now
  const auto ended = TRY(kernel::wait(child.process));
  end.interrupted = TRY(seen) == Seen::interrupt;
  if (*seen == Seen::end) end.ended = ended;
  TRY(gather_rest(child.output, end.tail));
  return end;
}

}  // namespace lodger::hooks
