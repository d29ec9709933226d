#include <fmt/core.h>

#include <algorithm>

#include "cgroups/folder.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"
#include "kernel/time.hpp"

namespace lodger::cgroups {
namespace {

// For all hierarchies together: they wait for the same processes.
constexpr std::int64_t patience_ns = 10'000'000'000;

bool is_busy(int code) { return code == EBUSY || code == ENOTEMPTY; }

/// rmdir(2), for which an absent folder is a removed one.
kernel::Result<> remove_one(int folder, const std::string& name) {
  const auto removed = kernel::unlinkat(folder, name.c_str(), AT_REMOVEDIR);
  if (!removed && (removed.error().code == ENOENT || removed.error().code == ENODEV)) return {};
  return removed;
}

/// The sub-cgroups that the container made.
kernel::Result<> remove_below(const std::string& absolute) {
  const auto folder = walk_to(absolute);
  if (!folder) return folder.error().code == ENOENT ? kernel::Result<>() : std::unexpected(folder.error());
  return each_below(folder->get(), [](int parent, const std::string& name) {
    const auto removed = remove_one(parent, name);
    return !removed && is_busy(removed.error().code) ? kernel::Result<>{} : removed;
  });
}

/// A process that was killed leaves its cgroup only when the kernel is done with it: busy means "soon".
kernel::Result<> remove_patiently(const std::string& absolute, std::int64_t end) {
  auto removed = remove_one(kernel::cwd, absolute);
  for (std::int64_t pause_us = 50; !removed && is_busy(removed.error().code);) {
    TRY(remove_below(absolute));
    removed = remove_one(kernel::cwd, absolute);
    if (removed || kernel::monotonic_ns() > end) return removed;
    kernel::sleep_us(pause_us);
    pause_us = std::min<std::int64_t>(pause_us * 2, 50'000);
  }
  return removed;
}

Failure describe(const Record& record, const std::string& folder, kernel::Error error) {
  auto failure = explain(fmt::format("cgroup {}: removing {}", record.path, folder), error);
  if (const auto left = processes(record); left && !left->empty())
    failure.text += fmt::format(" (process {} is still in it)", left->front());
  return failure;
}

/// Behind a unit whose name, and with it the path, another has by now: on v1 there may be folders that
/// systemd does not know, and nobody uses. rmdir(2) takes no other.
Outcome<> remove_unused(const Record& record) {
  for (const auto& made : record.made) (void)remove_one(kernel::cwd, made);
  return {};
}

}  // namespace

Outcome<> remove(const Record& record) {
  if (systemd::is_another(record)) return remove_unused(record);
  auto first = systemd::stop_scope(record);
  const auto end = kernel::monotonic_ns() + patience_ns;
  for (const auto& made : record.made) {
    const bool own = std::find(record.folders.begin(), record.folders.end(), made) != record.folders.end();
    const auto removed = own ? remove_patiently(made, end) : remove_one(kernel::cwd, made);
    if (removed || (!own && is_busy(removed.error().code)))
      continue;  // a parent that others use by now stays
    if (first) first = std::unexpected(describe(record, made, removed.error()));
  }
  return first;
}

}  // namespace lodger::cgroups
