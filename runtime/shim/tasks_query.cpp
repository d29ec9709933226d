// What only looks, and the wait.
#include <fmt/core.h>

#include <algorithm>

#include "cgroups/manage.hpp"
#include "cgroups/statistics.hpp"
#include "cgroups/usable.hpp"
#include "kernel/process.hpp"
#include "runtime/shim/metrics.hpp"
#include "runtime/shim/tasks.hpp"

namespace lodger::shim {
namespace {

using wire::TaskStatus;

TaskStatus status_of(const Task& task, const Process& process) {
  if (process.exit) return TaskStatus::stopped;
  if (process.runs() && task.paused) return TaskStatus::paused;
  return process.started && process.pid != 0 ? TaskStatus::running : TaskStatus::created;
}

}  // namespace

Answer<wire::StateResponse> Tasks::state(const wire::ProcessRequest& request) {
  const auto& task = *TRY(find(request.id));
  const auto& process = *TRY(find(request.id, request.exec_id));
  const auto& names = process.streams ? process.streams->names() : process.names;
  wire::StateResponse out{request.exec_id.empty() ? request.id : request.exec_id,
                          task.bundle,
                          static_cast<std::uint32_t>(process.pid),
                          status_of(task, process),
                          names.in,
                          names.out,
                          names.err,
                          names.terminal,
                          0,
                          {},
                          request.exec_id};
  if (process.exit) out.exit_status = process.exit->status, out.exited_at = process.exit->at;
  return out;
}

void Tasks::wait(const wire::ProcessRequest& request, const Reply& reply) {
  const auto found = find(request.id, request.exec_id);
  if (!found) return reply.fail(found.error().code, found.error().message);
  auto& process = **found;
  if (process.exit) return reply.answer(wire::WaitResponse{process.exit->status, process.exit->at});
  process.waiting.push_back(reply);
}

Answer<wire::PidsResponse> Tasks::pids(const wire::ContainerRequest& request) {
  const auto& task = *TRY(find(request.id));
  std::vector<pid_t> all;
  if (task.record.cgroup.folders.empty()) {  // nothing tells which others are its
    if (task.init.runs()) all.push_back(task.init.pid);
    for (const auto& [id, process] : task.execs)
      if (process.runs()) all.push_back(process.pid);
  } else {
    auto found = cgroups::processes(task.record.cgroup);
    if (!found) return failed(fmt::format("looking for the processes of {}", task.id), found.error());
    all = std::move(*found);
  }
  wire::PidsResponse out;
  for (const pid_t pid : all) {
    auto& info = out.processes.emplace_back();
    info.pid = static_cast<std::uint32_t>(pid);
    const auto known = std::ranges::find_if(task.execs, [&](const auto& entry) {
      return entry.second.runs() && entry.second.pid == pid;  // an ended one's number may be another's
    });
    if (known != task.execs.end())
      info.info =
          wire::Any{"containerd.runc.v1.ProcessDetails", wire::encode(wire::ProcessDetails{known->first})};
  }
  return out;
}

Answer<wire::StatsResponse> Tasks::stats(const wire::ContainerRequest& request) {
  const auto& task = *TRY(find(request.id));
  const auto doing = fmt::format("reading the figures of {}", task.id);
  const auto layout = cgroups::detect_for(task.record.cgroup);
  if (!layout) return failed(doing, layout.error());
  const auto figures = cgroups::statistics(*layout, task.record.cgroup);
  if (!figures) return failed(doing, figures.error());
  return wire::StatsResponse{metrics(*figures, layout->kind)};
}

/// What a containerd that has come back asks first. One of before 1.6.24 keeps a shim that answers, for ever,
/// also where it has no such container (containerd 6860); refused, it calls "delete". So it is with one that
/// is still being made: whoever asked for that has been told that it failed.
Answer<wire::ConnectResponse> Tasks::connect(const wire::ContainerRequest& request) {
  const auto& task = *TRY(find(request.id));
  return wire::ConnectResponse{number(kernel::getpid()), number(task.init.pid), ""};
}

}  // namespace lodger::shim
