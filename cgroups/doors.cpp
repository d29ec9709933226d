#include "cgroups/doors.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/files.hpp"
#include "cgroups/folder.hpp"
#include "cgroups/membership.hpp"

namespace lodger::cgroups {
namespace {

bool is_for(const Below& below, const Hierarchy* hierarchy) {
  if (below.controllers.empty()) return true;
  return hierarchy &&
         std::ranges::any_of(below.controllers, [&](const auto& c) { return hierarchy->has(c); });
}

/// What comes below a hierarchy's folder; `hierarchy` is null for the cgroup2 tree.
std::string path_in(const std::vector<Below>& below, const Hierarchy* hierarchy) {
  std::string path;
  for (const auto& one : below)
    if (is_for(one, hierarchy)) path = one.path;
  return path;
}

Outcome<> check_controllers(const Layout& layout, const std::vector<Below>& below) {
  for (const auto& one : below)
    for (const auto& controller : one.controllers)
      if (std::ranges::none_of(layout.hierarchies, [&](const auto& h) { return h.has(controller); }))
        return refuse(fmt::format("--cgroup {}:{}: unknown controller {}: there is no v1 hierarchy with it",
                                  controller, one.path, controller),
                      EINVAL);
  return {};
}

/// In the words that callers of runc look for.
std::string adding_to(const std::string& place) {
  return "exec: adding pid of the new process to cgroups: " + place;
}

Outcome<kernel::Fd<kernel::Path>> open_unified(const Layout& layout, const Record& record,
                                               const std::vector<Below>& below) {
  const auto& own = record.folders.front();
  auto folder = walk_to(own + path_in(below, nullptr));
  if (!folder && folder.error().code == ENOENT && layout.kind == Kind::hybrid) folder = walk_to(own);
  return explained(std::move(folder), adding_to(own + path_in(below, nullptr)));
}

}  // namespace

Outcome<Below> parse_below(std::string_view text) {
  Below below;
  const auto colon = text.find(':');
  if (colon != text.npos) {
    each_part(text.substr(0, colon), ',', [&](auto word) { below.controllers.emplace_back(word); });
    if (below.controllers.empty())
      return refuse(fmt::format("--cgroup {}: no controller before the colon", text), EINVAL);
    text.remove_prefix(colon + 1);
  }
  if (text.empty()) return refuse("--cgroup: the path is empty", EINVAL);
  const auto absolute = fmt::format("/{}", text);
  if (absolute.find_first_not_of('/') == absolute.npos) return below;  // the container's own
  bool up = false;
  each_part(text, '/', [&](std::string_view part) { up |= part == ".."; });
  if (up)
    return refuse(
        fmt::format("--cgroup {}: bad sub cgroup path: it must stay below the container's, without \"..\"",
                    text),
        EINVAL);
  below.path = TRY(clean_path(absolute));
  return below;
}

std::string path_below(const std::vector<Below>& below) { return path_in(below, nullptr); }

Outcome<Doors> open_doors(const Layout& layout, const Record& record, const std::vector<Below>& below) {
  TRY(check_controllers(layout, below));
  Doors doors;
  const bool unified = record.unified && !record.folders.empty();
  if (unified) doors.birthplace = TRY(open_unified(layout, record, below));
  for (std::size_t i = unified ? 1 : 0; i < record.folders.size(); ++i) {
    const auto& folder = record.folders[i];
    const auto hierarchy = std::ranges::find_if(
        layout.hierarchies, [&](const auto& h) { return h.folder + record.path == folder; });
    const auto file =
        folder + path_in(below, hierarchy == layout.hierarchies.end() ? nullptr : &*hierarchy) + "/tasks";
    doors.tasks.push_back(
        TRY(explained(kernel::openat(kernel::cwd, file.c_str(), O_WRONLY), adding_to(file))));
  }
  return doors;
}

Outcome<Doors> open_doors_of(const Layout& layout, const Record& record, pid_t pid) {
  const auto folder = layout.unified + TRY(cgroup_of(std::to_string(pid)));
  const auto& own = record.folders.front();
  if (folder != own && !folder.starts_with(own + '/'))
    return refuse(fmt::format("cgroup {}: the container's process has left it for {}", own, folder), EXDEV);
  Doors doors;
  doors.birthplace = TRY(explained(walk_to(folder), folder));
  return doors;
}

}  // namespace lodger::cgroups
