#include "cgroups/systemd/scope.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "cgroups/files.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/membership.hpp"
#include "cgroups/systemd/properties.hpp"

namespace lodger::cgroups::systemd {
namespace {

/// v1's device rules.
bool sets_devices(const std::vector<Setting>& settings) {
  return std::ranges::find(settings, "devices", &Setting::controller) != settings.end();
}

std::string proc_devices(const std::vector<Setting>& settings) {
  return sets_devices(settings) ? read_text(kernel::cwd, "/proc/devices").value_or("") : "";
}

/// Nothing where the folder is gone, or is another's.
std::optional<std::uint64_t> inode_of(const std::string& folder) {
  const auto found = kernel::status(kernel::cwd, folder.c_str(), AT_SYMLINK_NOFOLLOW);
  return found ? std::optional<std::uint64_t>(found->st_ino) : std::nullopt;
}

/// Where systemd itself keeps its units; the controllers of v1 have the same paths.
std::string own_hierarchy(const Layout& layout) {
  if (layout.kind == Kind::v2) return layout.unified;
  for (const auto& hierarchy : layout.hierarchies)
    if (hierarchy.has("name=systemd")) return hierarchy.folder;
  return "";
}

/// systemd puts "_" before a name that could be a control file's: its cg_escape().
bool is_of(std::string_view path, std::string_view unit) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name == unit || (name.starts_with('_') && name.substr(1) == unit);
}

/// The scope that the process is in now. A process that ended meanwhile is in none.
Outcome<Scope> look_at(const Unit& unit, pid_t pid, const Layout& layout) {
  const bool v2 = layout.kind == Kind::v2;
  Scope scope{TRY(cgroup_of(std::to_string(pid), v2 ? "" : "name=systemd")), {unit.name, unit.user, {}, 0}};
  scope.record.folder = own_hierarchy(layout) + scope.path;
  const auto inode = inode_of(scope.record.folder);
  if (!is_of(scope.path, unit.name) || !inode)
    return refuse(
        fmt::format("unit {}: systemd has made it, but process {} is in cgroup \"{}\": has it ended, or is "
                    "the systemd that answered not the one of this machine?",
                    unit.name, pid, scope.path),
        ENOENT);
  scope.record.inode = *inode;
  return scope;
}

}  // namespace

bool has_hierarchy(const Hierarchy& hierarchy) {
  constexpr std::array controllers{"name=systemd", "cpu", "cpuacct", "blkio", "memory", "devices", "pids"};
  return std::ranges::any_of(controllers, [&](const char* one) { return hierarchy.has(one); });
}

Outcome<Scope> start_scope(Manager& manager, const Unit& unit, pid_t pid, const Layout& layout,
                           const std::vector<Setting>& settings) {
  TRY(manager.start(unit.name, scope_of(unit, pid, limits_of(settings, proc_devices(settings)))));
  auto scope = look_at(unit, pid, layout);
  if (!scope) (void)manager.stop(unit.name);  // it is ours, and systemd would not see it become empty
  return scope;
}

bool is_another(const Record& record) {
  if (record.unit.name.empty()) return false;
  const auto inode = inode_of(record.unit.folder);
  return inode && *inode != record.unit.inode;
}

Outcome<> update_scope(const Record& record, const std::vector<Setting>& settings) {
  if (record.unit.name.empty()) return {};
  const auto limits = limits_of(settings, proc_devices(settings));
  if (limits.empty()) return {};
  auto manager = TRY(Manager::open(record.unit.user));
  TRY(manager.connected());
  // systemd writes device rules as "none, and then these": nothing of the container runs while it does.
  const bool hold = sets_devices(settings) && !TRY(frozen(record));
  if (hold) TRY(freeze(record));
  auto told = manager.set(record.unit.name, limits);
  const auto thawed = hold ? thaw(record) : Outcome<>{};
  return told ? thawed : told;
}

Outcome<> adopt(const Record& record, const std::string& folder, pid_t pid) {
  auto manager = TRY(Manager::open(record.unit.user));
  return manager.attach(record.unit.name, folder.substr(record.unit.folder.size()), pid);
}

Outcome<> stop_scope(const Record& record) {
  if (record.unit.name.empty() || !inode_of(record.unit.folder)) return {};
  auto manager = TRY(Manager::open(record.unit.user));
  return manager.stop(record.unit.name);
}

}  // namespace lodger::cgroups::systemd
