// The maps of a new user namespace, written from outside. user_namespaces(7), "User and group ID mappings".
#include <fmt/core.h>

#include "runtime/launch/launch.hpp"
#include "spec/idmap.hpp"

namespace lodger::launch {
namespace {

Outcome<> write_map(pid_t pid, const char* file, const char* property,
                    const std::vector<spec::IdMapping>& mappings) {
  const auto name = fmt::format("/proc/{}/{}", pid, file);
  const auto doing = fmt::format("linux.{}: writing {}", property, file);
  const auto map = TRY(explained(kernel::openat(kernel::cwd, name.c_str(), O_WRONLY), doing));
  return explained(kernel::write_once(map.get(), spec::map_text(mappings)), doing);
}

}  // namespace

Outcome<> write_id_maps(pid_t pid, const spec::Linux& linux) {
  TRY(write_map(pid, "gid_map", "gidMappings", linux.gid_mappings));
  return write_map(pid, "uid_map", "uidMappings", linux.uid_mappings);
}

}  // namespace lodger::launch
