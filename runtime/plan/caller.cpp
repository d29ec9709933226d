#include "runtime/plan/caller.hpp"

#include <fmt/core.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <string_view>

#include "kernel/credentials.hpp"
#include "kernel/mount.hpp"
#include "kernel/procfs.hpp"

namespace lodger::plan {
namespace {

/// Absent before Linux 3.19, which knows no such denial.
kernel::Result<bool> groups_are_denied() {
  const auto file = kernel::openat(kernel::cwd, "/proc/self/setgroups", O_RDONLY);
  if (!file && file.error().code == ENOENT) return false;
  if (!file) return std::unexpected(file.error());
  char text[8];
  const auto size = kernel::read(file->get(), text);
  if (!size) return std::unexpected(size.error());
  return std::string_view(text, *size).starts_with("deny");
}

/// By trying: whose a mount namespace is cannot be read anywhere.
bool may_copy_mounts() { return kernel::clone_tree(kernel::cwd, "/", 0).has_value(); }

kernel::Result<Caller> look() {
  Caller caller;
  caller.uid = ::geteuid();
  caller.gid = ::getegid();
  const auto held = kernel::permitted_capabilities();
  if (!held) return std::unexpected(held.error());
  caller.administrator = *held & kernel::capability_bit(CAP_SYS_ADMIN);
  caller.in_user_namespace = TRY(kernel::in_user_namespace());
  caller.privileged = caller.administrator && !caller.in_user_namespace;
  if (caller.privileged) return caller;
  caller.owns_mounts = caller.administrator && may_copy_mounts();
  caller.groups_denied = TRY(groups_are_denied());
  return caller;
}

}  // namespace

Outcome<Caller> look_at_caller() { return explained(look(), "looking at what this user may do"); }

bool maps_only(const std::vector<spec::IdMapping>& map, unsigned id) {
  return map.size() == 1 && map.front().size == 1 && map.front().host_id == id;
}

bool keeps_groups(const spec::Linux& linux, const Caller& caller) {
  if (caller.groups_denied) return true;  // user namespaces made from there inherit it
  const auto* user = linux.find(spec::NamespaceType::user);
  return user && user->path.empty() && !caller.administrator && maps_only(linux.gid_mappings, caller.gid);
}

Outcome<> check(const spec::Config& config, const Caller& caller) {
  const auto& linux_object = *config.linux;
  if (!caller.administrator && !linux_object.find(spec::NamespaceType::user))
    return refuse(
        fmt::format("linux.namespaces: no entry of type \"user\", which uid {} needs to make the others "
                    "(\"lodger spec --rootless\" writes a configuration for an ordinary user)",
                    caller.uid),
        EPERM);
  if (!caller.administrator && !linux_object.net_devices.empty())
    return refuse(
        fmt::format(
            "linux.netDevices: uid {} cannot move devices out of this network namespace, which is not "
            "its own",
            caller.uid),
        EPERM);
  if (config.process && !config.process->user.additional_gids.empty() && keeps_groups(linux_object, caller))
    return refuse(
        "process.user.additionalGids: setgroups is denied in a user namespace that maps the caller's own "
        "group "
        "alone (user_namespaces(7)): leave them out, or map more groups by /etc/subgid and newgidmap",
        EPERM);
  return {};
}

Outcome<> check_not_elevated() {
  if (!::getauxval(AT_SECURE)) return {};  // getauxval(3): set-user-ID, set-group-ID, or file capabilities
  return refuse(
      "lodger was given rights that its caller has not (a set-user-ID bit or file capabilities): it is not "
      "made for that; take them away and use a user namespace (\"lodger spec --rootless\")",
      EPERM);
}

}  // namespace lodger::plan
