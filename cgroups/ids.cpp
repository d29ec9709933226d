#include <fmt/core.h>

#include "cgroups/folder.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"

namespace lodger::cgroups {
namespace {

kernel::Result<std::vector<std::uint64_t>> collect(const std::string& absolute) {
  std::vector<std::uint64_t> ids;
  const auto folder = walk_to(absolute);
  if (!folder && folder.error().code == ENOENT) return ids;
  if (!folder) return std::unexpected(folder.error());
  ids.push_back(TRY(kernel::status(folder->get())).st_ino);
  TRY(each_below(folder->get(), [&](int parent, const std::string& name) -> kernel::Result<> {
    const auto found = kernel::status(parent, name.c_str(), AT_SYMLINK_NOFOLLOW);
    if (found) ids.push_back(found->st_ino);
    return {};  // else it has gone meanwhile
  }));
  return ids;
}

}  // namespace

Outcome<std::vector<std::uint64_t>> unified_ids(const Record& record) {
  if (!record.unified || record.folders.empty() || systemd::is_another(record))
    return std::vector<std::uint64_t>();
  return explained(collect(record.folders.front()),
                   fmt::format("cgroup {}: looking for the cgroups below it", record.path));
}

}  // namespace lodger::cgroups
