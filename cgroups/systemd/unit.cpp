#include "cgroups/systemd/unit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cgroups/systemd/annotations.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr std::string_view scope_ending = ".scope", slice_ending = ".slice";
constexpr std::size_t longest_name = 255;  // UNIT_NAME_MAX less the zero byte; a folder's name as well

/// systemd.unit(5): "ASCII letters, digits, ":", "-", "_", ".", and "\"".
bool may_stand_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(":-_.\\").find(c) != std::string_view::npos;
}

/// An id may hold "+", a unit's name not: as systemd-escape(1) has it.
std::string escaped(std::string_view id) {
  std::string name;
  for (const char c : id)
    name += may_stand_in_name(c) && c != '\\' ? std::string(1, c)
                                              : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return name;
}

Outcome<> check_name(std::string_view name) {
  if (name.size() > longest_name)
    return refuse(fmt::format("unit {}: the name is longer than {} bytes", name, longest_name), ENAMETOOLONG);
  if (std::ranges::all_of(name, may_stand_in_name)) return {};
  return refuse(
      fmt::format("unit {}: the name of a unit holds letters, digits and \":-_.\\\" alone (systemd.unit(5))",
                  name),
      EINVAL);
}

Outcome<> check_subgroup(const std::string& name) {
  if (name.find('/') == name.npos && name != "." && name != ".." && name.size() <= longest_name &&
      name.find('\n') == name.npos && name.find('\0') == name.npos)
    return {};
  return refuse(fmt::format("annotation run.oci.systemd.subgroup: \"{}\" is not the name of a folder", name),
                EINVAL);
}

/// What the driver rests on: which processes the unit has, where it lies, that its cgroup is ours, its
/// devices.
constexpr std::array ours_to_set{"PIDs", "Slice", "Delegate", "DevicePolicy", "DeviceAllow"};

Outcome<> take_annotations(Unit& unit, const std::map<std::string, std::string>& annotations) {
  constexpr std::string_view prefix = "org.systemd.property.";
  for (const auto& [key, text] : annotations) {
    if (key == "run.oci.systemd.subgroup") {
      TRY(check_subgroup(text));
      unit.subgroup = text;
    }
    if (!key.starts_with(prefix)) continue;
    auto property = TRY(property_of_annotation(key, key.substr(prefix.size()), text));
    if (std::ranges::count(ours_to_set, property.name) != 0)
      return refuse(
          fmt::format("annotation {}: lodger sets {} itself (see linux.cgroupsPath)", key, property.name),
          EINVAL);
    unit.properties.push_back(std::move(property));
  }
  return {};
}

/// "system.slice", "lodger", "c1".
struct Parts {
  std::string slice, prefix, name;
};

Outcome<Parts> split(std::string_view path, std::string_view id) {
  if (path.empty()) return Parts{"", "lodger", escaped(id)};
  if (std::ranges::count(path, ':') != 2)
    return refuse(fmt::format("linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" "
                              "for systemd cgroups, got \"{}\" instead",
                              path),
                  EINVAL);
  Parts parts;
  parts.slice = spec::cut(path, ':');
  parts.prefix = spec::cut(path, ':');
  parts.name = path;
  if (parts.name.empty())
    return refuse("linux.cgroupsPath: the name after the second colon is empty", EINVAL);
  return parts;
}

}  // namespace

Outcome<Unit> parse_unit(std::string_view cgroups_path, std::string_view id, bool user,
                         const std::map<std::string, std::string>& annotations) {
  auto [slice, prefix, name] = TRY(split(cgroups_path, id));
  if (name.ends_with(slice_ending))
    return refuse(
        fmt::format("linux.cgroupsPath: {}: a slice holds units, and no processes of its own: name a "
                    "scope, and the slice before the first colon",
                    name),
        ENOTSUP);
  Unit unit;
  unit.user = user;
  unit.description = fmt::format("lodger container {}", id);
  unit.slice = !slice.empty() ? slice : user ? "user.slice" : "system.slice";
  unit.name = prefix.empty() ? name : fmt::format("{}-{}", prefix, name);
  if (!unit.name.ends_with(scope_ending)) unit.name += scope_ending;
  TRY(check_name(unit.name));
  TRY(expand_slice(unit.slice));
  TRY(take_annotations(unit, annotations));
  return unit;
}

Outcome<std::string> expand_slice(std::string_view slice) {
  const auto wrong = [&] {
    return refuse(
        fmt::format("invalid slice name: {}: wanted is a name such as a.slice, or a-b.slice for one in it",
                    slice),
        EINVAL);
  };
  if (!slice.ends_with(slice_ending) || slice.size() == slice_ending.size()) return wrong();
  TRY(check_name(slice));
  std::string_view rest = slice.substr(0, slice.size() - slice_ending.size());
  if (rest == "-") return "";
  if (rest.ends_with('-')) return wrong();
  std::string path, name;
  while (!rest.empty()) {
    const auto part = spec::cut(rest, '-');
    if (part.empty()) return wrong();
    (name += name.empty() ? "" : "-") += part;
    path += fmt::format("/{}{}", name, slice_ending);
  }
  return path;
}

Outcome<std::string> path_of(const Unit& unit) {
  auto path = TRY(expand_slice(unit.slice));
  (path += '/') += unit.name;
  if (!unit.subgroup.empty()) (path += '/') += unit.subgroup;
  return path;
}

}  // namespace lodger::cgroups::systemd
