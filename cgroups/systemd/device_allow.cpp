#include "cgroups/systemd/device_allow.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/files.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

/// Two sections, "Character devices:" and "Block devices:", with lines such as "136 pts". Calls
/// `visit(number, name)` for those of the type.
template <class Visit>
void each_driver(std::string_view proc_devices, char type, Visit visit) {
  bool in_section = false;
  each_part(proc_devices, '\n', [&](std::string_view line) {
    if (line.ends_with(':')) in_section = line.starts_with(type == 'c' ? "Character" : "Block");
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto number = spec::cut(line, ' ');
    if (in_section && !line.empty()) visit(number, line);
  });
}

/// systemd takes a driver's name for all its majors: only one that has no others will do. Terminals have
/// eight, of which the kernel uses the first (Unix98 ptys).
std::string name_of_major(std::string_view proc_devices, char type, std::string_view major) {
  std::string name;
  each_driver(proc_devices, type, [&](auto number, auto driver) {
    if (number == major && name.empty()) name = driver;
  });
  int majors = 0;
  each_driver(proc_devices, type, [&](auto, auto driver) { majors += driver == name; });
  return majors == 1 || name == "pts" ? name : "";
}

/// "c 136:* rwm": systemd's word for the devices, or "" where it has none.
std::string devices_of(std::string_view proc_devices, char type, std::string_view major,
                       std::string_view minor) {
  const auto* kind = type == 'c' ? "char" : "block";
  if (minor != "*") return major == "*" ? "" : fmt::format("/dev/{}/{}:{}", kind, major, minor);
  if (major == "*") return fmt::format("{}-*", kind);
  const auto name = name_of_major(proc_devices, type, major);
  return name.empty() ? "" : fmt::format("{}-{}", kind, name);
}

}  // namespace

std::vector<Property> device_policy(const std::vector<Setting>& settings, std::string_view proc_devices) {
  std::vector<Value> allowed;
  bool any = false, all = false;
  for (const auto& s : settings) {
    if (s.controller != "devices") continue;
    any = true;
    if (s.value == "a") all = s.file == "devices.allow";
    if (s.value == "a" || all) continue;
    std::string_view rest = s.value;
    const char type = rest.front();
    spec::cut(rest, ' ');
    const auto major = spec::cut(rest, ':');
    const auto minor = spec::cut(rest, ' ');
    if (auto devices = devices_of(proc_devices, type, major, minor); !devices.empty())
      allowed.push_back(structure({string(std::move(devices)), string(std::string(rest))}));
  }
  if (!any) return {};
  if (all) allowed.clear();
  // systemd adds to the list that a unit has, and empties it for an empty one.
  std::vector<Property> properties{{"DevicePolicy", string(all ? "auto" : "strict")},
                                   {"DeviceAllow", array("(ss)", {})}};
  if (!allowed.empty()) properties.push_back({"DeviceAllow", array("(ss)", std::move(allowed))});
  return properties;
}

}  // namespace lodger::cgroups::systemd
