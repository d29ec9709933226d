// New limits for a running container's cgroup.
#include <fmt/core.h>

#include "cgroups/apply.hpp"
#include "cgroups/device_attach.hpp"
#include "cgroups/files.hpp"
#include "cgroups/machine.hpp"
#include "cgroups/manage.hpp"

namespace lodger::cgroups {
namespace {

/// config-linux.md, memory.checkBeforeUpdate: v1's kernel refuses a limit below what is in use, cgroup2's
/// kills.
Outcome<> check_usage(const Folder& folder, const Record& record, const spec::Resources& resources) {
  if (!resources.memory || !resources.memory->check_before_update.value_or(false)) return {};
  const auto limit = resources.memory->limit.value_or(0);
  if (limit <= 0) return {};
  const auto used =
      TRY(explained(read_text(folder.parent.get(), folder.entry("memory.current")), folder.path));
  if (std::stoll(used) <= limit) return {};
  return refuse(fmt::format("cgroup {}: memory.max: {} bytes are in use, more than the new limit of {}",
                            record.path, used, limit),
                EBUSY);
}

/// The record's folders in the order of the layout's hierarchies (on v2: the one folder).
Outcome<std::vector<Folder>> folders_of(const Layout& layout, const Record& record) {
  std::vector<Folder> folders;
  const auto add = [&](const std::string& mount) -> Outcome<> {
    const auto absolute = mount + record.path;
    folders.push_back(TRY(explained(open_folder(absolute), absolute)));
    return {};
  };
  if (layout.kind == Kind::v2) TRY(add(layout.unified));
  for (const auto& hierarchy : layout.hierarchies) TRY(add(hierarchy.folder));
  return folders;
}

}  // namespace

Outcome<> update(const Layout& layout, const Record& record, const spec::Resources& resources) {
  TRY(check_machine(resources));
  const bool v2 = layout.kind == Kind::v2;
  const auto plan = TRY(v2 ? plan_v2(resources) : plan_v1(resources));
  const auto folders = TRY(folders_of(layout, record));
  if (v2) TRY(check_usage(folders.front(), record, resources));
  TRY(apply(plan.settings, Places(layout, folders), record.path));
  if (!v2 || !plan.restricts_devices) return {};
  const auto folder = TRY(explained(walk_to(record.folders.front()), record.folders.front()));
  return attach_devices(folder.get(), plan.device_program, false, record.path);
}

}  // namespace lodger::cgroups
