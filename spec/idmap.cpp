#include "spec/idmap.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "spec/clauses.hpp"
#include "spec/json.hpp"
#include "spec/options.hpp"
#include "spec/text.hpp"

namespace lodger::spec {

namespace {

/// "0-1-10": three numbers and nothing else, the last of them not zero.
std::optional<IdMapping> parse_line(std::string_view text, char separator) {
  if (std::ranges::count(text, separator) != 2) return std::nullopt;
  const auto container_id = whole_number<std::uint32_t>(cut(text, separator));
  const auto host_id = whole_number<std::uint32_t>(cut(text, separator));
  const auto size = whole_number<std::uint32_t>(text);
  if (!container_id || !host_id || !size || *size == 0) return std::nullopt;
  return IdMapping{.container_id = *container_id, .host_id = *host_id, .size = *size};
}

/// From ids of the container's user namespace to the host's, in as many pieces as that namespace has.
Outcome<> resolve(std::string_view text, IdMapping line, const std::vector<IdMapping>& container,
                  std::vector<IdMapping>& out) {
  while (line.size > 0) {
    const auto holds = [&](const IdMapping& of) {
      return line.host_id >= of.container_id && line.host_id - of.container_id < of.size;
    };
    const auto of = std::ranges::find_if(container, holds);
    if (of == container.end())
      return refuse(fmt::format(".options: idmap: {}: id {} is not mapped in the container's user namespace",
                                quoted(text), line.host_id));
    const auto offset = line.host_id - of->container_id;
    const auto size = std::min(line.size, of->size - offset);
    out.push_back({line.container_id, of->host_id + offset, size});
    line = {line.container_id + size, line.host_id + size, line.size - size};
  }
  return {};
}

Outcome<> parse_lines(std::string_view text, const std::vector<IdMapping>& container,
                      std::vector<IdMapping>& out) {
  do {
    std::string_view part = cut(text, '#');
    const auto whole = part;
    const bool relative = part.starts_with('@');
    if (relative) part.remove_prefix(1);
    const auto line = parse_line(part, '-');
    if (!line)
      return refuse(
          fmt::format(".options: idmap: {} is no mapping: three numbers are (\"0-1000-1\": the id on the "
                      "filesystem, the host's id, how many)",
                      quoted(whole)));
    if (relative)
      TRY(resolve(whole, *line, container, out));
    else
      out.push_back(*line);
  } while (!text.empty());
  return {};
}

/// "uids=...;gids=...", each once.
Outcome<> parse_map(std::string_view text, const Linux& container, IdMap& map) {
  while (!text.empty()) {
    std::string_view part = cut(text, ';');
    const auto name = cut(part, '=');
    const bool uids = name == "uids";
    auto& lines = uids ? map.uids : map.gids;
    if (!uids && name != "gids")
      return refuse(fmt::format(".options: idmap: {}: only \"uids\" and \"gids\" are known", quoted(name)));
    if (!lines.empty()) return refuse(fmt::format(".options: idmap: a second {}", quoted(name)));
    TRY(parse_lines(part, uids ? container.uid_mappings : container.gid_mappings, lines));
  }
  if (map.uids.empty() || map.gids.empty())
    return refuse(fmt::format(".options: idmap: {} missing: both have to be given",
                              map.uids.empty() ? "uids are" : "gids are"));
  TRY(check_ranges(".options: idmap: uids", map.uids));
  return check_ranges(".options: idmap: gids", map.gids);
}

Outcome<> of_container(const Config& config, IdMap& map) {
  const Namespace* user = config.linux ? config.linux->find(NamespaceType::user) : nullptr;
  if (!user)
    return refuse(
        ".options: idmap: without uidMappings and gidMappings the map is that of the container's user "
        "namespace, and it has none");
  map.joined_namespace = !user->path.empty();
  if (map.joined_namespace) return {};
  map.uids = config.linux->uid_mappings;
  map.gids = config.linux->gid_mappings;
  return {};
}

/// The kernel maps a mount while it is detached, and a filesystem of the container's own needs no map.
Outcome<> only_binds(const MountFlags& flags) {
  if (flags.remount) return refuse(".options: idmap: what is mounted already cannot be mapped any more");
  if (!flags.binds()) return refuse(".options: idmap: only bind mounts can be id-mapped");
  return {};
}

}  // namespace

Outcome<std::optional<IdMap>> id_map(const Mount& mount, const Config& config) {
  const MountFlags flags = mount_flags(mount);
  const bool has_mappings = !mount.uid_mappings.empty();
  if (!flags.idmap && !flags.recursive_idmap && !has_mappings) return std::nullopt;
  TRY(only_binds(flags));
  IdMap map;
  map.recursive = flags.recursive_idmap;
  if (has_mappings && flags.id_map_text)
    return refuse(".options: idmap: has a map of its own beside uidMappings and gidMappings");
  if (has_mappings) {
    TRY(check_ranges(".uidMappings", mount.uid_mappings));
    TRY(check_ranges(".gidMappings", mount.gid_mappings));
    map.uids = mount.uid_mappings, map.gids = mount.gid_mappings;
  } else if (flags.id_map_text) {
    TRY(parse_map(*flags.id_map_text, config.linux ? *config.linux : Linux{}, map));
  } else {
    TRY(of_container(config, map));
  }
  return map;
}

Outcome<std::vector<IdMapping>> colon_map(std::string_view name, std::string_view text) {
  std::vector<IdMapping> lines;
  do {
    const auto part = cut(text, ',');
    const auto line = parse_line(part, ':');
    if (!line)
      return refuse(
          fmt::format("{}: {} is no mapping: three numbers are (\"0:1000:1\": the id on the filesystem, the "
                      "host's id, how many)",
                      name, quoted(part)),
          EINVAL);
    lines.push_back(*line);
  } while (!text.empty());
  TRY(check_ranges(name, lines));
  return lines;
}

std::string map_text(const std::vector<IdMapping>& mappings) {
  std::string text;
  for (const auto& [container, host, size] : mappings)
    text += fmt::format("{} {} {}\n", container, host, size);
  return text;
}

}  // namespace lodger::spec
