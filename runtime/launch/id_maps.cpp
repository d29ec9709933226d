// The maps of a new user namespace, written from outside. user_namespaces(7), "User and group ID mappings".
#include <fmt/core.h>

#include "runtime/launch/id_helpers.hpp"
#include "runtime/launch/launch.hpp"
#include "spec/idmap.hpp"

namespace lodger::launch {
namespace {

Outcome<> write_file(pid_t pid, const char* file, const char* property, std::string_view text) {
  const auto name = fmt::format("/proc/{}/{}", pid, file);
  const auto doing = fmt::format("linux.{}: writing {}", property, file);
  const auto map = TRY(explained(kernel::openat(kernel::cwd, name.c_str(), O_WRONLY), doing));
  return explained(kernel::write_once(map.get(), text), doing);
}

Outcome<> write_gid_map(pid_t pid, const std::vector<spec::IdMapping>& map, const plan::Caller& caller) {
  if (!caller.administrator && plan::maps_only(map, caller.gid))
    TRY(write_file(pid, "setgroups", "gidMappings", "deny"));  // else a user could leave a group that bars it
  else if (!caller.administrator)
    return map_by_helper(group_helper, pid, map, caller);
  return write_file(pid, "gid_map", "gidMappings", spec::map_text(map));
}

Outcome<> write_uid_map(pid_t pid, const std::vector<spec::IdMapping>& map, const plan::Caller& caller) {
  if (!caller.administrator && !plan::maps_only(map, caller.uid))
    return map_by_helper(user_helper, pid, map, caller);
  return write_file(pid, "uid_map", "uidMappings", spec::map_text(map));
}

}  // namespace

Outcome<> write_id_maps(pid_t pid, const spec::Linux& linux, const plan::Caller& caller) {
  TRY(write_gid_map(pid, linux.gid_mappings, caller));
  return write_uid_map(pid, linux.uid_mappings, caller);
}

}  // namespace lodger::launch
