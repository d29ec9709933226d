// What helps against a failure of init's, where that can be told.
#include "runtime/launch/help.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include "kernel/credentials.hpp"
#include "kernel/procfs.hpp"
#include "runtime/security/capabilities.hpp"

namespace lodger::launch {
namespace {

using init::Stage;

bool is_making(std::string_view call) { return call == "mkdirat" || call == "mknodat"; }

/// init has what we have; a user namespace's root has all.
std::string help_for_capabilities(const init::Identity& wanted) {
  const auto own = kernel::permitted_capabilities();
  const auto all = wanted.permitted | wanted.effective | wanted.ambient;
  std::string missing;
  for (const auto& name : security::names_of(own ? all & ~*own : 0))
    missing += (missing.empty() ? "" : ", ") + name;
  return fmt::format(" (the runtime itself does not have {})", missing.empty() ? "all of them" : missing);
}

const init::Mount* mount_of(const init::Report& report, const init::Plan* plan) {
  const bool known = plan && plan->rootfs && report.index < plan->rootfs->mounts.size();
  return known ? &plan->rootfs->mounts[report.index] : nullptr;
}

/// The container's, or one that lodger itself is in: what comes from outside is locked there.
bool in_user_namespace(const init::Plan* plan) {
  return (plan && plan->user_namespace) || kernel::in_user_namespace().value_or(false);
}

/// Init was privileged enough to come here. What is left is a filter, such as that of a container that lodger
/// runs in: theirs answer EPERM.
std::string help_for_denied(std::string_view call) {
  return fmt::format(" ({} takes CAP_SYS_ADMIN, and a seccomp filter that lodger runs under may forbid it)",
                     call);
}

/// mount_setattr(2), of a source that init took itself or of the options.
std::string help_for_attributes(const init::Report& report, const init::Plan* plan) {
  const auto* mount = mount_of(report, plan);
  const bool mapped = mount && mount->id_map != init::none;
  if (report.code == EINVAL && mapped)
    return " (its filesystem does not support id-mapped mounts on this kernel)";
  if (report.code == EPERM && mapped) return " (the source is an id-mapped mount already)";
  if (report.code == EPERM && in_user_namespace(plan))
    return " (the options clear or change flags of the source's mount, which are locked in a user namespace)";
  return report.code == EPERM ? help_for_denied(report.call) : "";
}

/// open_tree(2), of a source that init takes itself. mount_namespaces(7): what is mounted below a mount from
/// a more privileged namespace is locked to it, and an unbindable mount is not copied.
std::string help_for_source(const init::Report& report, const init::Plan* plan) {
  const auto* mount = mount_of(report, plan);
  const bool whole = mount && mount->clone_flags & AT_RECURSIVE;
  if (report.code == EINVAL && !whole && in_user_namespace(plan))
    return " (in a user namespace what has mounts below it can only be bound with them: rbind)";
  if (report.code == EINVAL) return " (the mount that the source lies on is unbindable)";
  return report.code == EPERM ? help_for_denied(report.call) : "";
}

/// fsconfig(2), without words of the kernel's: before Linux 6.11 it had none for an id that is not mapped.
std::string help_for_options(const init::Report& report, const init::Plan* plan) {
  const auto* mount = mount_of(report, plan);
  if (report.code != EINVAL || report.words[0] || !mount || !in_user_namespace(plan)) return "";
  for (const auto& [key, value] : mount->parameters)
    if (const std::string_view name = key; value && (name == "uid" || name == "gid"))
      return fmt::format(" ({}={} must be in linux.{}Mappings)", name, value, name);
  return "";
}

std::string help_for_mount(const init::Report& report, const init::Plan* plan) {
  const std::string_view call = report.call;
  // From anywhere else it is about the file system's own folders: overlay's, where they lie in one another.
  if (report.code == ELOOP && call == "openat2")
    return " (it must be mounted on ordinary directory, not over a symlink)";
  if (report.code == EACCES && is_making(call))
    return " (the mount point is missing, and the container's root may not make it: the root filesystem "
           "belongs to somebody else than its user namespace)";
  if (call == "open_tree") return help_for_source(report, plan);
  if (call == "fsconfig") return help_for_options(report, plan);
  return call == "mount_setattr" ? help_for_attributes(report, plan) : "";
}

/// clone(2), namespaces(7).
std::string help_for_namespaces(const init::Report& report, const init::Plan* plan) {
  if (std::string_view(report.call) != "clone3") return "";
  if (report.code == EPERM && plan && plan->user_namespace)
    return " (a user namespace cannot be made from within a chroot, nor where sysctl "
           "kernel.unprivileged_userns_clone or a security module forbids it)";
  if (report.code == ENOSPC || report.code == EUSERS)
    return " (a limit of this user's namespaces is reached: sysctls user.max_*_namespaces)";
  return "";
}

}  // namespace

std::string help_for(const init::Report& report, const init::Plan* plan) {
  switch (report.stage) {
    case Stage::join_namespace: return help_for_namespaces(report, plan);
    case Stage::mount: return help_for_mount(report, plan);
    case Stage::identity:
      if (report.code == EINVAL) return " (the id is not in linux.uidMappings or linux.gidMappings)";
      return "";
    case Stage::working_directory:
      if (report.code == EXDEV) return " (it lies outside the container's root)";
      return "";
    case Stage::oom_score:
      if (report.code == EACCES)
        return " (below the value that lodger itself started with: that needs CAP_SYS_RESOURCE)";
      return "";
    case Stage::keyring:
      if (report.code == EDQUOT)
        return " (this user has too many keys already: sysctls kernel.keys.maxkeys and maxbytes; "
               "--no-new-keyring does without one)";
      return "";
    case Stage::domain:
      if (report.code == EPERM) return " (needs CAP_SYS_ADMIN)";
      return report.code == E2BIG ? " (16 domains are in one another already)" : "";
    case Stage::rlimit:
      if (report.code == EPERM)
        return " (raising a hard limit needs CAP_SYS_RESOURCE, and RLIMIT_NOFILE ends at sysctl fs.nr_open)";
      return "";
    case Stage::device:
      if (report.code == EEXIST) return " (what is there is not that device)";
      return "";
    case Stage::memory_policy:
      if (report.code == ENOSYS) return " (this kernel has no NUMA support)";
      if (report.code == EINVAL)
        return " (no node of the list is there and in the cgroup's cpuset, or this kernel lacks the mode or "
               "flag)";
      return "";
    case Stage::capabilities:
      return report.code == EPERM ? help_for_capabilities(plan ? plan->identity : init::Identity{}) : "";
    default: return "";
  }
}

}  // namespace lodger::launch
