#include "runtime/shim/output.hpp"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

#include "kernel/process.hpp"
#include "kernel/time.hpp"

namespace lodger::shim {
namespace {

using File = kernel::Fd<kernel::File>;

constexpr std::string_view file_scheme = "file://", fifo_scheme = "fifo://";
constexpr long longest_pause_ms = 50;

/// A writer of a FIFO once it has a reader: fifo(7), ENXIO. Whose open(2) waits for us is a reader already,
/// but nothing tells us of its coming, inotify(7) neither.
kernel::Result<File> await_reader(const char* path, const OutputCall& call) {
  for (long pause_ms = 1;; pause_ms = std::min(2 * pause_ms, longest_pause_ms)) {
    auto writer = kernel::openat(kernel::cwd, path, O_WRONLY | O_NONBLOCK);
    if (writer || writer.error().code != ENXIO || kernel::monotonic_ns() >= call.until) return writer;
    pollfd waited{call.interrupt, POLLIN, 0};
    if (TRY(kernel::poll({&waited, 1}, pause_ms)) != 0) return kernel::fail("poll", EINTR);
  }
}

kernel::Result<Output> open_fifo(const char* path, const OutputCall& call) {
  auto writer = await_reader(path, call);
  const bool alone = !writer && writer.error().code == ENXIO;
  if (!writer && !alone) return std::unexpected(writer.error());
  auto reader = TRY(kernel::openat(kernel::cwd, path, O_RDONLY | O_NONBLOCK));
  if (alone) writer = TRY(kernel::openat(kernel::cwd, path, O_WRONLY | O_NONBLOCK));
  if (!call.passes) TRY(kernel::block(writer->get(), true));
  return Output{std::move(*writer), std::move(reader), alone};
}

}  // namespace

Outcome<Output> open_output(const std::string& name, const OutputCall& call) {
  const auto doing = fmt::format("opening the output {}", name);
  const bool made = name.starts_with(file_scheme);
  if (!name.starts_with('/') && name.contains("://") && !made && !name.starts_with(fifo_scheme))
    return refuse(
        fmt::format("{}: wanted is a FIFO's path, file:///PATH, binary:///PATH or binary-v2:///PATH", doing),
        EINVAL);
  const bool scheme = made || name.starts_with(fifo_scheme);
  const char* path = name.c_str() + (scheme ? file_scheme.size() : 0);  // both are as long
  const auto what = kernel::status(kernel::cwd, path, 0);
  if (!what && !(made && what.error().code == ENOENT)) return std::unexpected(explain(doing, what.error()));
  if (what && S_ISFIFO(what->st_mode)) {
    const auto until = made ? 0 : call.until;  // a file's name promises no client
    return explained(open_fifo(path, {call.passes, call.interrupt, until}), doing);
  }
  const int flags = O_WRONLY | O_APPEND | (made ? O_CREAT : 0);
  return Output{TRY(explained(kernel::openat(kernel::cwd, path, flags, 0644), doing)), {}};
}

}  // namespace lodger::shim
