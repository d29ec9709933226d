// The maps of a new user namespace, written from outside. user_namespaces(7), "User and group ID mappings".
#include <fmt/core.h>

#include "runtime/launch/launch.hpp"

namespace lodger::launch {
namespace {

std::string map_text(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const auto& [container, host, size] : mappings)
    text += fmt::format("{} {} {}\n", container, host, size);
  return text;
}

Outcome<> write_map(pid_t pid, const char* file, const char* property,
                    const std::vector<spec::IdMapping>& mappings) {
  const auto name = fmt::format("/proc/{}/{}", pid, file);
  const auto doing = fmt::format("linux.{}: writing {}", property, file);
  const auto map = TRY(explained(kernel::openat(kernel::cwd, name.c_str(), O_WRONLY), doing));
  return explained(kernel::write_once(map.get(), map_text(mappings)), doing);
}

}  // namespace

Outcome<> write_id_maps(pid_t pid, const spec::Linux& linux) {
  TRY(write_map(pid, "gid_map", "gidMappings", linux.gid_mappings));
  return write_map(pid, "uid_map", "uidMappings", linux.uid_mappings);
}

}  // namespace lodger::launch
