#include "runtime/container/status.hpp"

#include <fmt/core.h>

#include "cgroups/manage.hpp"
#include "kernel/process.hpp"
#include "kernel/procfs.hpp"

namespace lodger::container {
namespace {

bool no_such(int code) { return code == ENOENT || code == ESRCH; }

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
  if (stat)
    return stat->start_time == record.start_time && stat->state != 'Z' && stat->state != 'X' &&
           stat->state != 'x';
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
