// From one list of allowed devices of v1 to another. The kernel takes exceptions away and adds them by
// exactly their type and numbers, stars included: cgroup-v1/devices.rst.
#include <map>

#include "cgroups/devices.hpp"
#include "cgroups/files.hpp"

namespace lodger::cgroups {
namespace {

using Allowed = std::map<std::string, std::string, std::less<>>;  // "c 1:3" and "rwm"

void add(Allowed& allowed, std::string_view line) {
  if (const auto blank = line.rfind(' '); blank != line.npos)
    allowed.emplace(line.substr(0, blank), line.substr(blank + 1));
}

/// The letters of `all` that are not in what `other` has for the same device.
std::string letters_beyond(const Allowed& other, const Allowed::value_type& all) {
  const auto found = other.find(all.first);
  auto letters = all.second;
  if (found != other.end())
    std::erase_if(letters, [&](char letter) { return found->second.find(letter) != std::string::npos; });
  return letters;
}

void add_changes(const Allowed& from, const Allowed& other, const char* file, std::vector<Setting>& out) {
  for (const auto& entry : from)
    if (const auto letters = letters_beyond(other, entry); !letters.empty())
      out.push_back({"devices", file, entry.first + ' ' + letters, false, false, {}, {}});
}

}  // namespace

std::vector<Setting> device_changes(std::string_view list, std::vector<Setting> settings) {
  const bool both_deny = !list.starts_with("a ") && !settings.empty() &&
                         settings.front().file == "devices.deny" && settings.front().value == "a";
  if (!both_deny) return settings;
  Allowed before, wanted;
  each_part(list, '\n', [&](std::string_view line) { add(before, line); });
  for (const auto& setting : std::span(settings).subspan(1)) add(wanted, setting.value);
  std::vector<Setting> changes;
  add_changes(before, wanted, "devices.deny", changes);
  add_changes(wanted, before, "devices.allow", changes);
  return changes;
}

}  // namespace lodger::cgroups
