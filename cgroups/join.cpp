#include "cgroups/join.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

#include "cgroups/folder.hpp"
#include "kernel/file.hpp"

namespace lodger::cgroups {
namespace {

struct Door {
  std::string file;
  kernel::Fd<kernel::File> open;
};

/// Adds the hierarchy's, where it has such a cgroup.
Outcome<> find(const std::string& mount, const std::string& path, std::vector<Door>& doors) {
  if (mount.empty()) return {};
  auto file = mount + path + "/cgroup.procs";
  auto open = kernel::open_plain<kernel::File>(kernel::cwd, file.c_str(), O_WRONLY);
  if (!open && open.error().code == ENOENT) return {};
  doors.push_back({file, TRY(explained(std::move(open), file))});
  return {};
}

/// Documentation/admin-guide/cgroup-v1/cpusets.rst, 1.9; cgroup-v2.rst, "No Internal Process Constraint".
std::string_view help(int code) {
  if (code == ENOSPC)
    return " (its cpuset has no processors or no memory nodes: write cpuset.cpus and .mems)";
  if (code == EBUSY) return " (it hands controllers down to its children: a process goes into one of those)";
  return "";
}

}  // namespace

Outcome<> join(const Layout& layout, std::string_view path) {
  const auto clean = TRY(clean_path(path));
  std::vector<Door> doors;
  TRY(find(layout.unified, clean, doors));
  for (const auto& hierarchy : layout.hierarchies) TRY(find(hierarchy.folder, clean, doors));
  if (doors.empty())
    return refuse(fmt::format("cgroup {}: there is none of this path in any hierarchy: make it first", clean),
                  ENOENT);
  for (const auto& door : doors) {
    // "0" is the writer's own process
    if (const auto moved = kernel::write_once(door.open.get(), "0"); !moved) {
      auto failure = explain(door.file, moved.error());
      failure.text += help(moved.error().code);
      return std::unexpected(std::move(failure));
    }
  }
  return {};
}

}  // namespace lodger::cgroups
