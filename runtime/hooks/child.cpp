// The state is a memory file of its own on a hook's stdin rather than a pipe, so that no hook can block its
// runtime by not reading.
#include "runtime/hooks/child.hpp"

#include <vector>

#include "kernel/memory.hpp"
#include "kernel/spawn.hpp"
#include "kernel/time.hpp"

namespace lodger::hooks {
namespace {

using kernel::Fd;
using kernel::Result;

constexpr std::size_t most_output = 4096;

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
  const int output = pipe.writer.get();
  auto started =
      TRY(kernel::spawn({hook.path.c_str(), argv.data(), envp.data(), memory.get(), output, output}));
  return Child{started.pid, std::move(started.process), std::move(pipe.reader)};
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
