#include "runtime/container/status.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "kernel/process.hpp"
#include "kernel/procfs.hpp"

namespace lodger::container {
namespace {

bool no_such(int code) { return code == ENOENT || code == ESRCH; }

/// The first process of a pid namespace goes only when all others of it are reaped, those by others too whose
/// children they are: processes that joined it (zap_pid_ns_processes() of the kernel). By then it has let go
/// of all that it had, its namespaces among the last, and nothing of the container is left. Who may not look,
/// as an ordinary user who has lost sight of it, waits for the kernel's word.
Outcome<bool> has_let_go(const Record& record) {
  char target[64];
  const auto link = fmt::format("/proc/{}/ns/mnt", record.pid);
  const auto read = kernel::readlinkat(kernel::cwd, link.c_str(), target);
  if (read) return false;
  if (no_such(read.error().code)) return true;
  if (read.error().code == EACCES || read.error().code == EPERM) return false;
  return std::unexpected(explain(link, read.error()));
}

Outcome<bool> gate_present(const Folder& folder) {
  const auto gate = kernel::status(folder.fd(), gate_name, AT_SYMLINK_NOFOLLOW);
  if (gate) return true;
  if (gate.error().code == ENOENT) return false;
  return std::unexpected(explain(fmt::format("looking at the start gate of {}", folder.id()), gate.error()));
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::creating: return "creating";
    case Status::created: return "created";
    case Status::running: return "running";
    case Status::paused: return "paused";
    case Status::stopped: return "stopped";
  }
  __builtin_unreachable();
}

Outcome<bool> alive(const Record& record) {
  if (record.pid == 0) return false;
  const auto stat = kernel::process_stat(record.pid);
  if (stat) {
    if (stat->start_time != record.start_time || stat->ended()) return false;
    return !stat->exits() || !TRY(has_let_go(record));
  }
  if (no_such(stat.error().code)) return false;
  return std::unexpected(
      explain(fmt::format("looking at process {} of container {}", record.pid, record.id), stat.error()));
}

Outcome<kernel::Fd<kernel::Process>> process_of(const Record& record) {
  kernel::Fd<kernel::Process> none;
  if (record.pid == 0) return none;
  auto held = kernel::pidfd_open(record.pid);
  // Asked after the opening: if it is the right one now, then the descriptor is its.
  if (!TRY(alive(record))) return none;
  if (!held)
    return std::unexpected(
        explain(fmt::format("opening process {} of container {}", record.pid, record.id), held.error()));
  return std::move(*held);
}

Outcome<Status> status_of(const Folder& folder, const Record& record) {
  if (record.pid == 0) return folder.busy() ? Status::creating : Status::stopped;
  if (!TRY(alive(record))) return Status::stopped;
  if (TRY(cgroups::frozen(record.cgroup))) return Status::paused;
  return TRY(gate_present(folder)) ? Status::created : Status::running;
}

}  // namespace lodger::container
