#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cgroups/files.hpp"
#include "cgroups/folder.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"

namespace lodger::cgroups {
namespace {

/// A cgroup that vanished during the walk: its folder (ENOENT) or an open file of it (ENODEV).
bool is_gone(int code) { return code == ENOENT || code == ENODEV; }

/// EOPNOTSUPP: a threaded cgroup2, whose processes are listed by the domain above it.
kernel::Result<> add_processes(int folder, const std::string& file, std::vector<pid_t>& pids) {
  const auto text = read_text(folder, file);
  if (!text && (is_gone(text.error().code) || text.error().code == EOPNOTSUPP)) return {};
  if (!text) return std::unexpected(text.error());
  each_part(*text, '\n', [&](std::string_view line) {
    pid_t pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) pids.push_back(pid);  // 0: in a pid namespace that we cannot see
  });
  return {};
}

kernel::Result<std::vector<pid_t>> collect(const std::string& absolute) {
  std::vector<pid_t> pids;
  const auto folder = walk_to(absolute);
  if (!folder && is_gone(folder.error().code)) return pids;
  if (!folder) return std::unexpected(folder.error());
  TRY(add_processes(folder->get(), "cgroup.procs", pids));
  TRY(each_below(folder->get(), [&](int parent, const std::string& name) {
    return add_processes(parent, name + "/cgroup.procs", pids);
  }));
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

}  // namespace

Outcome<std::vector<pid_t>> processes(const Record& record) {
  if (record.folders.empty() || systemd::is_another(record)) return std::vector<pid_t>();
  return explained(collect(record.folders.front()),
                   fmt::format("cgroup {}: listing its processes", record.path));
}

}  // namespace lodger::cgroups
