#include "netmode/companion.hpp"

#include <fmt/core.h>

#include <optional>

#include "kernel/process.hpp"
#include "kernel/procfs.hpp"

namespace lodger::netmode {
namespace {

constexpr long patience_ms = 60'000;

/// Nothing where it is gone, or where another process has its number: asked for behind the opening, so that
/// if it is the right one now, what was opened is it.
Outcome<std::optional<kernel::Fd<kernel::Process>>> open(const Companion& companion, std::string_view doing) {
  if (companion.pid == 0) return std::nullopt;
  auto process = kernel::pidfd_open(companion.pid);
  if (!process && process.error().code == ESRCH) return std::nullopt;
  if (!process) return std::unexpected(explain(doing, process.error()));
  const auto stat = kernel::process_stat(companion.pid);
  if (!stat && (stat.error().code == ESRCH || stat.error().code == ENOENT)) return std::nullopt;
  if (!stat) return std::unexpected(explain(doing, stat.error()));
  if (stat->start_time != companion.start_time) return std::nullopt;
  return std::move(*process);
}

/// Only ours: for all others somebody else waits.
void reap(const kernel::Fd<kernel::Process>& process) {
  (void)kernel::restarted("waitid", __NR_waitid, P_PIDFD, process.get(), nullptr, WEXITED | WNOHANG, nullptr);
}

}  // namespace

Outcome<bool> lives(const Companion& companion) {
  const auto doing = fmt::format("looking at process {}", companion.pid);
  const auto process = TRY(open(companion, doing));
  if (!process) return false;
  pollfd ended[] = {{process->get(), POLLIN, 0}};
  return TRY(explained(kernel::poll(ended, 0), doing)) == 0;
}

/// By the time that its descriptor is readable the process has closed its own: exit_files() comes before
/// exit_notify() in the kernel's do_exit().
Outcome<> end(const Companion& companion, std::string_view name, long grace_ms) {
  const auto doing = fmt::format("ending {}, process {}", name, companion.pid);
  const auto process = TRY(open(companion, doing));
  if (!process) return {};
  pollfd ended[] = {{process->get(), POLLIN, 0}};
  if (TRY(explained(kernel::poll(ended, grace_ms), doing)) == 0) {
    const auto killed = kernel::send_signal(*process, SIGKILL);
    if (!killed && killed.error().code != ESRCH) return std::unexpected(explain(doing, killed.error()));
    if (TRY(explained(kernel::poll(ended, patience_ms), doing)) == 0)
      return refuse(fmt::format("{}: it does not end", doing), ETIMEDOUT);
  }
  reap(*process);
  return {};
}

}  // namespace lodger::netmode
