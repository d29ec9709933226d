// The clauses of "linux" that stand for themselves. Source: runtime-spec 1.3, config-linux.md.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

bool overlap(std::uint32_t a, std::uint32_t b, std::uint32_t size_a, std::uint32_t size_b) {
  return a < std::uint64_t{b} + size_b && b < std::uint64_t{a} + size_a;
}

Outcome<> mappings(const Linux& object) {
  TRY(check_ranges("linux.uidMappings", object.uid_mappings));
  return check_ranges("linux.gidMappings", object.gid_mappings);
}

/// time_namespaces(7): two clocks have offsets, and the nanoseconds are a fraction of a second.
Outcome<> time_offsets(const Linux& object) {
  for (const auto& [clock, offset] : object.time_offsets) {
    if (clock != "monotonic" && clock != "boottime")
      return refuse(fmt::format(
          "linux.timeOffsets: unknown clock {}: there are \"monotonic\" and \"boottime\"", quoted(clock)));
    if (offset.nanosecs > 999'999'999)
      return refuse(fmt::format("linux.timeOffsets.{}.nanosecs: expected 0 to 999999999, found {}", clock,
                                offset.nanosecs));
  }
  return {};
}

/// The numbers have 12 and 20 bits in the kernel (include/linux/kdev_t.h), the mode those of chmod(2).
Outcome<> device(std::string_view where, const Device& entry) {
  if (!entry.path.starts_with('/'))
    return refuse(fmt::format("{}.path: must be an absolute path, found {}", where, quoted(entry.path)));
  if (entry.major < 0 || entry.major >= 1 << 12)
    return refuse(fmt::format("{}.major: expected 0 to 4095, found {}", where, entry.major));
  if (entry.minor < 0 || entry.minor >= 1 << 20)
    return refuse(fmt::format("{}.minor: expected 0 to 1048575, found {}", where, entry.minor));
  if (entry.file_mode && *entry.file_mode > 07777)
    return refuse(
        fmt::format("{}.fileMode: expected 0 to 4095 (octal 7777), found {}", where, *entry.file_mode));
  return {};
}

Outcome<> devices(const Linux& object) {
  std::set<std::string_view> paths;
  for (std::size_t i = 0; i < object.devices.size(); ++i) {
    const std::string where = fmt::format("linux.devices[{}]", i);
    TRY(device(where, object.devices[i]));
    if (!paths.insert(object.devices[i].path).second)
      return refuse(fmt::format("{}.path: a second device at {}", where, quoted(object.devices[i].path)));
  }
  return {};
}

Outcome<> absolute(const char* property, const std::vector<std::string>& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!paths[i].starts_with('/'))
      return refuse(
          fmt::format("linux.{}[{}]: must be an absolute path, found {}", property, i, quoted(paths[i])));
  return {};
}

Outcome<> hidden_paths(const Linux& object) {
  TRY(absolute("maskedPaths", object.masked_paths));
  for (std::size_t i = 0; i < object.masked_paths.size(); ++i)
    if (object.masked_paths[i].find_first_not_of('/') == std::string::npos)
      return refuse(fmt::format("linux.maskedPaths[{}]: the root itself cannot be masked", i));
  return absolute("readonlyPaths", object.readonly_paths);
}

/// The specification has four values; engines write the recursive four as well.
Outcome<> propagation(const Linux& object) {
  std::string_view value = object.rootfs_propagation;
  if (value.empty()) return {};
  if (value.starts_with('r')) value.remove_prefix(1);
  if (value == "shared" || value == "slave" || value == "private" || value == "unbindable") return {};
  return refuse(
      fmt::format("linux.rootfsPropagation: expected shared, slave, private or unbindable, found {}",
                  quoted(object.rootfs_propagation)));
}

Outcome<> personality(const Linux& object) {
  if (!object.personality || object.personality->flags.empty()) return {};
  return refuse(fmt::format("linux.personality.flags[0]: unknown flag {}: the specification has none yet",
                            quoted(object.personality->flags.front())));
}

constexpr Clause<Linux> clauses[] = {
    mappings,    time_offsets,        devices,        hidden_paths, propagation,
    personality, check_memory_policy, check_intel_rdt};

}  // namespace

Outcome<> check_ranges(std::string_view property, const std::vector<IdMapping>& list) {
  constexpr std::uint64_t ids = std::uint64_t{1} << 32;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const IdMapping& line = list[i];
    if (line.size == 0) return refuse(fmt::format("{}[{}].size: must not be 0", property, i));
    if (std::uint64_t{line.container_id} + line.size > ids || std::uint64_t{line.host_id} + line.size > ids)
      return refuse(fmt::format("{}[{}].size: {} ids go beyond the last id", property, i, line.size));
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (overlap(line.container_id, list[earlier].container_id, line.size, list[earlier].size) ||
          overlap(line.host_id, list[earlier].host_id, line.size, list[earlier].size))
        return refuse(fmt::format("{0}[{1}]: overlaps {0}[{2}]", property, i, earlier));
  }
  return {};
}

std::span<const Clause<Linux>> linux_clauses() { return clauses; }

}  // namespace lodger::spec
