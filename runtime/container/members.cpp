#include "runtime/container/members.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cgroups/manage.hpp"
#include "kernel/procfs.hpp"
#include "netmode/ports/holders.hpp"
#include "runtime/container/status.hpp"

namespace lodger::container {
namespace {

/// The identity of a process's pid namespace; 0: the process has ended, or it is not ours to see.
ino_t pid_namespace(pid_t pid) {
  const auto found = kernel::status(kernel::cwd, fmt::format("/proc/{}/ns/pid", pid).c_str(), 0);
  return found ? found->st_ino : 0;
}

std::map<pid_t, pid_t> parents_of(const std::vector<pid_t>& processes) {
  std::map<pid_t, pid_t> parents;
  for (const pid_t pid : processes)
    if (const auto stat = kernel::process_stat(pid)) parents[pid] = stat->parent;
  return parents;
}

bool descends(pid_t pid, pid_t ancestor, const std::map<pid_t, pid_t>& parents) {
  // Pids are used again while they are read: a circle of them has an end.
  for (std::size_t steps = 0; steps <= parents.size(); ++steps) {
    if (pid == ancestor) return true;
    const auto found = parents.find(pid);
    if (found == parents.end()) return false;
    pid = found->second;
  }
  return false;
}

Outcome<std::vector<pid_t>> without_cgroup(const Record& record) {
  auto all = TRY(netmode::ports::all_processes());
  const auto parents = parents_of(all);
  const ino_t own = record.own_pid_namespace ? pid_namespace(record.pid) : 0;
  std::erase_if(all, [&](pid_t pid) {
    return !descends(pid, record.pid, parents) && (own == 0 || pid_namespace(pid) != own);
  });
  return all;
}

}  // namespace

Outcome<Members> members(const Record& record) {
  Members found{record.id, {}, TRY(cgroups::unified_ids(record.cgroup))};
  found.processes =
      TRY(record.cgroup.folders.empty() ? without_cgroup(record) : cgroups::processes(record.cgroup));
  return found;
}

Outcome<std::vector<Members>> all_members(const Store& store) {
  std::vector<Members> all;
  for (const auto& id : TRY(store.ids())) {
    const auto folder = store.look(id);
    const auto record = folder ? folder->read_any() : std::unexpected(folder.error());
    if (!record) continue;
    auto found = alive(*record).value_or(false) ? members(*record) : Members{record->id, {}, {}, {}};
    if (!found) continue;
    for (const auto& companion : {record->bridge.proxy, record->relay.process})
      if (companion.pid != 0 && netmode::lives(companion).value_or(false))
        found->companions.push_back(companion.pid);
    all.push_back(std::move(*found));
  }
  return all;
}

}  // namespace lodger::container
