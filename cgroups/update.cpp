// New limits for a container's cgroup.
#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "cgroups/apply.hpp"
#include "cgroups/device_attach.hpp"
#include "cgroups/devices.hpp"
#include "cgroups/existing.hpp"
#include "cgroups/files.hpp"
#include "cgroups/former.hpp"
#include "cgroups/machine.hpp"
#include "cgroups/manage.hpp"
#include "cgroups/systemd/scope.hpp"
#include "cgroups/values.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups {
namespace {

kernel::Result<std::string> text_of(const Folder& folder, std::string_view file) {
  return read_text(folder.parent.get(), folder.entry(file));
}

/// -1 for "max"; nothing where the text is no number.
std::optional<std::int64_t> number_or_max(std::string_view text) {
  if (text == "max") return -1;
  return spec::whole_number<std::int64_t>(text);
}

Outcome<> check_limit(const Record& record, const char* what, std::int64_t used, std::int64_t limit) {
  if (limit <= 0 || used <= limit) return {};
  return refuse(
      fmt::format("cgroup {}: rejecting {} limit {}: {} bytes are in use", record.path, what, limit, used),
      EBUSY);
}

/// config-linux.md, memory.checkBeforeUpdate: v1's kernel refuses a limit below what is in use, cgroup2's
/// kills. memory.swap is memory and swap together.
Outcome<> check_usage(const Folder& folder, const Record& record, const spec::Resources& resources) {
  if (!resources.memory || !resources.memory->check_before_update.value_or(false)) return {};
  const auto used = [&](const char* file) -> Outcome<std::int64_t> {
    return number_or_max(TRY(explained(text_of(folder, file), folder.path))).value_or(0);
  };
  const auto limit = resources.memory->limit.value_or(0), both = resources.memory->swap.value_or(0);
  if (limit <= 0 && both <= 0) return {};
  const auto memory = TRY(used("memory.current"));
  if (both > 0)
    TRY(check_limit(record, "memory+swap", memory + used("memory.swap.current").value_or(0), both));
  return check_limit(record, "memory", memory, limit);
}

/// cgroup2's cpu.max holds two properties at once: the one that was left out is what it is now.
void complete_cpu(const Folder& folder, spec::Cpu& cpu) {
  const bool quota = nonzero(cpu.quota).has_value(), period = nonzero(cpu.period).has_value();
  if (quota == period) return;
  const auto text = text_of(folder, "cpu.max");
  if (!text) return;
  const auto blank = text->find(' ');
  const auto number =
      number_or_max(std::string_view(*text).substr(quota ? blank + 1 : 0, quota ? text->npos : blank));
  if (!number || blank == text->npos) return;
  if (quota)
    cpu.period = static_cast<std::uint64_t>(*number);
  else
    cpu.quota = number;
}

/// memory.swap is memory and swap together; what cgroup2 wants to know is the difference.
void complete_memory(const Folder& folder, spec::Memory& memory) {
  if (nonzero(memory.swap).value_or(-1) < 0 || nonzero(memory.limit)) return;
  const auto text = text_of(folder, "memory.max");
  if (!text) return;
  if (const auto limit = number_or_max(*text); limit && *limit > 0) memory.limit = limit;
}

/// What `resources` leaves out but cgroup2 needs beside what is in it.
spec::Resources completed(const Folder& folder, spec::Resources resources) {
  if (resources.cpu) complete_cpu(folder, *resources.cpu);
  if (resources.memory) complete_memory(folder, *resources.memory);
  return resources;
}

bool is_device_rule(const Setting& s) { return s.controller == "devices"; }
bool sets_devices(const std::vector<Setting>& settings) {
  return std::ranges::any_of(settings, is_device_rule);
}

/// Device rules last: what a cgroup that allows all but some had cannot be restored, so nothing must fail
/// behind them.
Outcome<Plan> plan_for(bool v2, const spec::Resources& resources) {
  auto plan = TRY(v2 ? plan_v2(resources) : plan_v1(resources));
  std::ranges::stable_partition(plan.settings, std::not_fn(is_device_rule));
  return plan;
}

/// Leaves out of v1's device rules, which are the last settings, what the cgroup has by now.
void leave_out_present(std::vector<Setting>& settings, const Places& places) {
  const auto rules = std::ranges::find_if(settings, is_device_rule);
  const Folder* folder = places.find("devices");
  if (!folder || rules == settings.end()) return;
  const auto list = text_of(*folder, "devices.list");
  if (!list) return;
  const auto changes = device_changes(*list, {rules, settings.end()});
  settings.erase(rules, settings.end());
  settings.insert(settings.end(), changes.begin(), changes.end());
}

/// Whether v1's cgroup has all the device rules of `settings`.
bool has_devices(std::vector<Setting> settings, const Places& places) {
  leave_out_present(settings, places);
  return !sets_devices(settings);
}

/// systemd is told first, as it writes the files, too; ours have the exact figures.
Outcome<> apply_in_both(std::vector<Setting> settings, const Places& places, const Record& record) {
  TRY(systemd::update_scope(record, settings));
  leave_out_present(settings, places);
  return apply(settings, places, record.path);
}

Outcome<> apply_all(const Plan& plan, const Places& places, const Record& record, bool v2) {
  const auto rules = std::ranges::find_if(plan.settings, is_device_rule);
  TRY(apply_in_both({plan.settings.begin(), rules}, places, record));
  if (rules != plan.settings.end()) TRY(apply_in_both({rules, plan.settings.end()}, places, record));
  if (!v2 || !plan.restricts_devices) return {};
  const auto folder = TRY(explained(walk_to(record.folders.front()), record.folders.front()));
  return attach_devices(folder.get(), plan.device_program, false, record.path);
}

/// One by one, so that no failure keeps the others from being undone; twice, as limits bound each other.
void undo(std::vector<Setting> former, const Places& places, const Record& record) {
  (void)systemd::update_scope(record, former);
  leave_out_present(former, places);
  for (int round = 0; round < 2; ++round)
    for (const auto& setting : former) (void)apply({setting}, places, record.path);
}

}  // namespace

Outcome<> update(const Layout& layout, const Record& record, const spec::Resources& resources) {
  TRY(check_machine(resources));
  const bool v2 = layout.kind == Kind::v2;
  const auto folders = TRY(open_folders(layout, record));
  auto plan = TRY(plan_for(v2, v2 ? completed(folders.front(), resources) : resources));
  if (v2) TRY(check_usage(folders.front(), record, resources));
  const Places places(layout, folders);
  if (!v2 && has_devices(plan.settings, places)) std::erase_if(plan.settings, is_device_rule);
  const auto former = former_settings(plan.settings, places);
  auto applied = apply_all(plan, places, record, v2);
  if (!applied) undo(former, places, record);
  return applied;
}

}  // namespace lodger::cgroups
