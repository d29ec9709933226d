#include <fmt/core.h>
#include <signal.h>

#include <algorithm>

#include "cgroups/files.hpp"
#include "cgroups/folder.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"
#include "kernel/process.hpp"
#include "kernel/time.hpp"

namespace lodger::cgroups {
namespace {

constexpr std::int64_t patience_ns = 10'000'000'000;
constexpr std::size_t batch = 128;  // pidfds held at once, far below any RLIMIT_NOFILE

/// Signals processes by pid without ever hitting a stranger that got a reused one: a pidfd pins each, and
/// only those still listed afterwards are meant.
Outcome<> send_to(const Record& record, std::span<const pid_t> pids, int signal) {
  std::vector<std::pair<pid_t, kernel::Fd<kernel::Process>>> pinned;
  for (const pid_t pid : pids)
    if (auto process = kernel::pidfd_open(pid))
      pinned.emplace_back(pid, std::move(*process));
    else if (process.error().code != ESRCH)
      return std::unexpected(
          explain(fmt::format("cgroup {}: process {}", record.path, pid), process.error()));
  const auto still = TRY(processes(record));
  for (const auto& [pid, process] : pinned) {
    if (!std::binary_search(still.begin(), still.end(), pid)) continue;
    if (const auto sent = kernel::send_signal(process, signal); !sent && sent.error().code != ESRCH)
      return std::unexpected(
          explain(fmt::format("cgroup {}: signalling process {}", record.path, pid), sent.error()));
  }
  return {};
}

Outcome<bool> send_to_all(const Record& record, int signal) {
  const auto pids = TRY(processes(record));
  for (std::size_t at = 0; at < pids.size(); at += batch)
    TRY(send_to(record, std::span(pids).subspan(at, std::min(batch, pids.size() - at)), signal));
  return !pids.empty();
}

/// A frozen cgroup cannot fork, so that a list of it is complete. Without a freezer, or with one that is
/// slow, what is listed gets the signal all the same. One that is frozen already stays so.
Outcome<bool> send_to_all_held(const Record& record, int signal) {
  const bool held = !TRY(frozen(record)) && freeze(record).has_value();
  const auto any = send_to_all(record, signal);
  if (held) TRY(thaw(record));
  return any;
}

/// cgroup.kill (Linux 5.14) kills all, those being forked included. False: this kernel or cgroup has none.
Outcome<bool> kill_at_once(const Record& record) {
  if (!record.unified) return false;
  const auto written = write_text(kernel::cwd, record.folders.front() + "/cgroup.kill", "1");
  if (written) return true;
  const int code = written.error().code;
  if (code == ENOENT || code == EOPNOTSUPP) return false;  // EOPNOTSUPP: a threaded cgroup
  return std::unexpected(explain(fmt::format("cgroup {}: cgroup.kill", record.path), written.error()));
}

/// Without cgroup.kill. What was missed, because the freezer is missing or slow, is met in the next round.
Outcome<> kill_one_by_one(const Record& record) {
  const auto end = kernel::monotonic_ns() + patience_ns;
  for (std::int64_t pause_us = 100;; pause_us = std::min<std::int64_t>(pause_us * 2, 50'000)) {
    const bool any = TRY(send_to_all_held(record, SIGKILL));
    if (TRY(frozen(record))) TRY(thaw(record));
    if (!any) return {};
    if (kernel::monotonic_ns() > end)
      return refuse(
          fmt::format("cgroup {}: process {} is still there 10 s after SIGKILL (it may hang in the kernel)",
                      record.path, TRY(processes(record)).front()),
          EBUSY);
    kernel::sleep_us(pause_us);
  }
}

}  // namespace

Outcome<> signal(const Record& record, int signal) {
  if (systemd::is_another(record)) return {};
  if (signal != SIGKILL) {
    TRY(send_to_all_held(record, signal));
    return {};
  }
  if (!TRY(kill_at_once(record))) return kill_one_by_one(record);
  if (TRY(frozen(record))) return thaw(record);
  return {};
}

}  // namespace lodger::cgroups
