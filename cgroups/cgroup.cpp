#include "cgroups/cgroup.hpp"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "cgroups/apply.hpp"
#include "cgroups/controllers.hpp"
#include "cgroups/cpuset.hpp"
#include "cgroups/delegate.hpp"
#include "cgroups/device_attach.hpp"
#include "cgroups/files.hpp"
#include "cgroups/machine.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"

namespace lodger::cgroups {
namespace {

/// config-linux.md lets a runtime refuse a cgroup that is not fit: another container's processes would share
/// its limits and its end, and a frozen one would never start. The words are those that callers know.
Outcome<> check_unused(const Folder& folder, const std::string& path, bool unified, pid_t own) {
  const Record existing{path, {folder.path}, {}, unified, {}};
  auto inside = TRY(processes(existing));
  std::erase(inside, own);
  if (!inside.empty())
    return refuse(
        fmt::format("cgroup {}: container's cgroup is not empty: {} process(es) found, the first is {}", path,
                    inside.size(), inside.front()),
        EBUSY);
  if (TRY(frozen(existing)))
    return refuse(fmt::format("cgroup {}: container's cgroup unexpectedly frozen", path), EBUSY);
  return {};
}

/// On v1 every setting must have its hierarchy, which is known before anything is made.
Outcome<> check_mounted(const Layout& layout, const Plan& plan, const std::string& path) {
  const auto mounted = [&](const Setting& s) {
    for (const auto& hierarchy : layout.hierarchies)
      if (hierarchy.has(s.controller)) return true;
    return s.is_default;
  };
  for (const auto& s : plan.settings)
    if (!mounted(s)) return std::unexpected(without_controller(s, path));
  return {};
}

/// The part of a record whose folders were not there before.
Record made_by_us(const Record& record) {
  Record own{record.path, {}, {}, false, {}};
  for (const auto& folder : record.folders)
    if (std::find(record.made.begin(), record.made.end(), folder) != record.made.end())
      own.folders.push_back(folder);
  own.unified = record.unified && !own.folders.empty() && own.folders.front() == record.folders.front();
  return own;
}

}  // namespace

Cgroup::Cgroup(Cgroup&& other) noexcept
    : layout_(other.layout_),
      plan_(std::move(other.plan_)),
      unified_(std::move(other.unified_)),
      v1_(std::move(other.v1_)),
      birthplace_(std::move(other.birthplace_)),
      unit_(std::move(other.unit_)),
      scope_(std::move(other.scope_)),
      manager_(std::move(other.manager_)),
      owner_(other.owner_),
      record_(std::move(other.record_)),
      ours_(std::exchange(other.ours_, false)) {}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  Cgroup taken(std::move(other));
  std::swap(layout_, taken.layout_);
  std::swap(plan_, taken.plan_);
  std::swap(unified_, taken.unified_);
  std::swap(v1_, taken.v1_);
  std::swap(birthplace_, taken.birthplace_);
  std::swap(unit_, taken.unit_);
  std::swap(scope_, taken.scope_);
  std::swap(manager_, taken.manager_);
  std::swap(owner_, taken.owner_);
  std::swap(record_, taken.record_);
  std::swap(ours_, taken.ours_);
  return *this;
}

Cgroup::~Cgroup() {
  if (!ours_) return;
  // Best effort: the failure that led here is the one to tell. What is in a folder of our making came through
  // us, be it a hook's daemon; what is in another may be anybody's.
  if (const Record own = made_by_us(record_); !own.folders.empty()) (void)signal(own, SIGKILL);
  (void)remove(record_);
}

Record Cgroup::intended(const Layout& layout, const Place& place) {
  const auto& path = place.path;
  if (path.empty()) return {};
  Record record{path, {}, {}, !layout.unified.empty() && !place.unit, {}};
  if (record.unified) record.folders.push_back(layout.unified + path);
  for (const auto& hierarchy : layout.hierarchies)
    if (!place.unit || !systemd::has_hierarchy(hierarchy)) record.folders.push_back(hierarchy.folder + path);
  record.made = record.folders;
  return record;
}

Outcome<> Cgroup::check(const Layout& layout, const Place& place, const spec::Resources* resources) {
  if (place.path.empty()) return check_unneeded(layout, resources);
  Cgroup none;
  TRY(none.take(layout, place, resources));
  if (place.unit) {
    auto manager = TRY(systemd::Manager::open(place.unit->user));
    TRY(manager.connected());
  }
  if (layout.kind == Kind::v2) TRY(check_available(layout.unified, none.record_.path, none.plan_.settings));
  return {};
}

Outcome<> Cgroup::check_unneeded(const Layout& layout, const spec::Resources* resources) {
  if (!resources) return {};
  const auto plan = TRY(layout.kind == Kind::v2 ? plan_v2(*resources) : plan_v1(*resources));
  for (const auto& s : plan.settings)
    if (!s.is_default)
      return refuse(
          fmt::format(
              "linux.resources: {} cannot be set for a container without a cgroup of its own: lodger "
              "may make none here, or was told to make none (rootless needs no limits + no cgrouppath "
              "when no permission is granted for cgroups)",
              s.file),
          EACCES);
  return {};
}

Outcome<> Cgroup::take(const Layout& layout, const Place& place, const spec::Resources* resources) {
  layout_ = &layout;
  record_.path = TRY(clean_path(place.path));
  if (resources) {
    TRY(check_machine(*resources));
    plan_ = TRY(layout.kind == Kind::v2 ? plan_v2(*resources) : plan_v1(*resources));
  }
  return layout.kind == Kind::v2 ? Outcome<>{} : check_mounted(layout, plan_, record_.path);
}

Outcome<Cgroup> Cgroup::prepare(const Layout& layout, const Place& place, const spec::Resources* resources,
                                int interrupt) {
  Cgroup made;
  if (place.path.empty()) {
    TRY(check_unneeded(layout, resources));
    return Outcome<Cgroup>(std::move(made));
  }
  TRY(made.take(layout, place, resources));
  if (place.unit) {
    TRY(made.check_vacant());
    made.unit_ = place.unit;
    made.manager_ = TRY(systemd::Manager::open(place.unit->user, interrupt));
    TRY(made.manager_->connected());
  } else if (!layout.unified.empty()) {
    TRY(made.make_birthplace(0, false));
  }
  return Outcome<Cgroup>(std::move(made));
}

Outcome<> Cgroup::check_vacant() const {
  const auto vacant = [&](const std::string& mount) {
    return check_unused({{}, "", mount + record_.path, false}, record_.path, layout_->kind == Kind::v2, 0);
  };
  if (layout_->kind == Kind::v2) return vacant(layout_->unified);
  for (const auto& hierarchy : layout_->hierarchies) TRY(vacant(hierarchy.folder));
  return {};
}

Outcome<> Cgroup::claim(const std::string& mount, pid_t pid) {
  const auto folder = mount + scope_;
  const auto inside = TRY(processes({scope_, {folder}, {}, false, {}}));
  if (std::ranges::count(inside, pid) != 0) remember(record_.made, folder);
  return {};
}

Outcome<Folder> Cgroup::make_below(const std::string& mount, pid_t pid) {
  if (unit_) TRY(claim(mount, pid));
  auto folder = TRY(make_folder(mount, record_.path, record_.made));
  const std::string parent = fmt::format("{}{}", mount, default_parent);
  const bool below = record_.path.starts_with(fmt::format("{}/", default_parent));
  if (below && std::find(record_.made.begin(), record_.made.end(), parent) == record_.made.end())
    record_.made.push_back(parent);
  const bool unified = mount == layout_->unified;
  if (!folder.fresh) TRY(check_unused(folder, record_.path, unified, pid));
  return folder;
}

Outcome<> Cgroup::make_birthplace(pid_t pid, bool move) {
  unified_.push_back(TRY(make_below(layout_->unified, pid)));
  const Folder& folder = unified_.front();
  record_.folders.push_back(folder.path);
  record_.unified = true;
  if (move)
    TRY(explained(write_text(folder.parent.get(), folder.entry("cgroup.procs"), std::to_string(pid)),
                  fmt::format("moving process {} into cgroup {}", pid, folder.path)));
  if (layout_->kind == Kind::v2)
    TRY(enable_controllers(layout_->unified, record_.path, folder, plan_.settings));
  birthplace_ = TRY(explained(kernel::openat<kernel::Path>(folder.parent.get(), folder.name.c_str(),
                                                           O_PATH | O_DIRECTORY | O_NOFOLLOW),
                              folder.path));
  return {};
}

Outcome<> Cgroup::make_scope(pid_t pid) {
  auto scope = TRY(systemd::start_scope(*manager_, *unit_, pid, *layout_, plan_.settings));
  record_.unit =
      std::move(scope.record);  // not before: a unit of this name that was there is somebody else's
  record_.path = scope_ = std::move(scope.path);
  manager_.reset();
  if (!unit_->subgroup.empty()) (record_.path += '/') += unit_->subgroup;
  if (layout_->unified.empty()) return {};
  // On a hybrid, systemd need not keep its units in the cgroup2 tree.
  const bool there = layout_->kind == Kind::v2 && unit_->subgroup.empty();
  return make_birthplace(pid, !there);
}

Outcome<> Cgroup::make_v1_folders(pid_t pid) {
  v1_.reserve(layout_->hierarchies.size());
  for (const auto& hierarchy : layout_->hierarchies) {
    v1_.push_back(TRY(make_below(hierarchy.folder, pid)));
    const Folder& folder = v1_.back();
    record_.folders.push_back(folder.path);
    if (hierarchy.has("cpuset")) TRY(inherit_cpuset(hierarchy.folder, record_.path, folder));
  }
  return {};
}

Outcome<> Cgroup::complete(pid_t pid) {
  if (record_.path.empty()) return {};
  if (unit_) TRY(make_scope(pid));
  TRY(make_v1_folders(pid));
  const bool v2 = layout_->kind == Kind::v2;
  TRY(apply(plan_.settings, Places(*layout_, v2 ? unified_ : v1_), record_.path));
  if (v2 && plan_.restricts_devices)
    TRY(attach_devices(birthplace_.get(), plan_.device_program, unified_.front().fresh, record_.path));
  return v2 && owner_ ? delegate(unified_.front(), *owner_) : Outcome<>{};
}

Outcome<std::vector<kernel::Fd<kernel::File>>> Cgroup::entrances() const {
  std::vector<kernel::Fd<kernel::File>> tasks;
  tasks.reserve(v1_.size());
  for (const auto& folder : v1_)
    tasks.push_back(
        TRY(explained(kernel::openat(folder.parent.get(), folder.entry("tasks").c_str(), O_WRONLY),
                      fmt::format("{}/tasks", folder.path))));
  return tasks;
}

}  // namespace lodger::cgroups
