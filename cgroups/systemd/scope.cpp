#include "cgroups/systemd/scope.hpp"

#include <fmt/core.h>

#include <algorithm>

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

/// None of what was made is there any more: systemd tidies up behind a unit that becomes empty.
bool is_gone(const Record& record) {
  return std::ranges::none_of(record.made, [](const std::string& folder) {
    return kernel::faccessat(kernel::cwd, folder.c_str(), F_OK).has_value();
  });
}

}  // namespace

Outcome<std::string> start_scope(Manager& manager, const Unit& unit, pid_t pid, const Layout& layout,
                                 const std::vector<Setting>& settings) {
  TRY(manager.start(unit.name, scope_of(unit, pid, limits_of(settings, proc_devices(settings)))));
  // Where systemd itself keeps its units; the controllers of v1 have the same path.
  const bool v2 = layout.kind == Kind::v2;
  auto path = TRY(cgroup_of(std::to_string(pid), v2 ? "" : "name=systemd"));
  if (path.ends_with(fmt::format("/{}", unit.name))) return path;
  return refuse(
      fmt::format("unit {}: systemd has made it, but process {} is in cgroup \"{}\": is the systemd that "
                  "answered the one of this machine?",
                  unit.name, pid, path),
      ENOENT);
}

Outcome<> update_scope(const Record& record, const std::vector<Setting>& settings) {
  if (record.unit.empty()) return {};
  const auto limits = limits_of(settings, proc_devices(settings));
  if (limits.empty()) return {};
  auto manager = TRY(Manager::open(record.user_unit));
  // systemd writes device rules as "none, and then these": nothing of the container runs while it does.
  const bool hold = sets_devices(settings) && !TRY(frozen(record));
  if (hold) TRY(freeze(record));
  auto told = manager.set(record.unit, limits);
  if (hold) TRY(thaw(record));
  return told;
}

Outcome<> adopt(const Record& record, const std::string& below, pid_t pid) {
  const auto name = fmt::format("/{}", record.unit);
  const auto subgroup = record.path.substr(record.path.rfind(name) + name.size()) + below;
  auto manager = TRY(Manager::open(record.user_unit));
  return manager.attach(record.unit, subgroup, pid);
}

Outcome<> stop_scope(const Record& record) {
  if (record.unit.empty() || is_gone(record)) return {};
  auto manager = TRY(Manager::open(record.user_unit));
  return manager.stop(record.unit);
}

}  // namespace lodger::cgroups::systemd
