// What a cgroup's files held before they are written: for an update that fails half-way.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/apply.hpp"

namespace lodger::cgroups {

/// The value that undoes a write of `setting.value`, from the text that its file held before. Nothing: no
/// value leads back.
std::optional<std::string> former_value(const Setting& setting, std::string_view before);

/// v1's device rules from devices.list: the writes that lead back to it. None for a cgroup that allows all
/// but some: the list does not show them.
std::vector<Setting> former_devices(std::string_view list);

/// Reads what `settings` are going to replace, as settings that apply() takes, in reverse order, v1's device
/// rules last. A file that cannot be read is left out.
std::vector<Setting> former_settings(const std::vector<Setting>& settings, const Places& places);

}  // namespace lodger::cgroups
