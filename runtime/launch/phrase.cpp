#include "runtime/launch/phrase.hpp"

#include <fmt/core.h>

#include "kernel/credentials.hpp"
#include "kernel/process.hpp"
#include "kernel/procfs.hpp"
#include "runtime/hooks/hooks.hpp"
#include "runtime/security/capabilities.hpp"

namespace lodger::launch {
namespace {

using init::Stage;

std::string hook_name(const char* kind, const std::vector<spec::Hook>& all, std::uint32_t index) {
  return hooks::name(kind, index, index < all.size() ? all[index].path : "");
}

std::string join_name(const spec::Config& config, const init::Plan* plan, std::uint32_t index) {
  if (plan && !plan->rootfs) return "joining the container's namespaces";
  if (!plan || index >= plan->joins.size()) return "linux.namespaces: entering them";
  for (const auto& entry : config.linux->namespaces)
    if (!entry.path.empty() && index-- == 0) return fmt::format("linux.namespaces: joining {}", entry.path);
  return "linux.namespaces: joining them";
}

std::string mount_name(const spec::Config& config, const init::Plan* plan, std::uint32_t index) {
  // Init's word for where it stopped is checked as anything that comes from the container's side.
  if (!plan || !plan->rootfs || index >= plan->rootfs->mounts.size()) return "mounts";
  const init::Mount& mount = plan->rootfs->mounts[index];
  if (mount.index >= config.mounts.size()) return "mounts";
  const auto& from = config.mounts[mount.index];
  const bool expanded = from.destination.substr(1) != mount.destination;
  std::string detail;
  if (mount.kind == init::MountKind::fresh) detail = fmt::format(": type {}", mount.type);
  if (mount.kind == init::MountKind::inner) detail = fmt::format(": source /{} in the root", mount.source);
  return fmt::format("mounts[{}] {}{}{}", mount.index, from.destination,
                     expanded ? fmt::format(" (/{})", mount.destination) : "", detail);
}

std::string device_name(const spec::Config& config, const init::Plan* plan, std::uint32_t index) {
  const bool known = plan && plan->rootfs && index < plan->rootfs->devices.size();
  if (!known) return "linux.devices";
  const init::Device& device = plan->rootfs->devices[index];
  if (device.index < config.linux->devices.size())
    return fmt::format("linux.devices[{}] {}", device.index, config.linux->devices[device.index].path);
  return fmt::format("default device /{}", device.path);
}

std::string path_name(const char* property, const std::vector<std::string>& paths, std::uint32_t index) {
  return fmt::format("linux.{}[{}] {}", property, index, index < paths.size() ? paths[index] : "");
}

std::string sysctl_name(const spec::Config& config, std::uint32_t index) {
  auto at = config.linux->sysctl.begin();
  if (index >= config.linux->sysctl.size()) return "a private procfs for linux.sysctl and labels";
  std::advance(at, index);
  return fmt::format("linux.sysctl \"{}\" = \"{}\"", at->first, at->second);
}

std::string rlimit_name(const spec::Config& config, std::uint32_t index) {
  if (!config.process || index >= config.process->rlimits.size()) return "process.rlimits";
  const auto& limit = config.process->rlimits[index];
  return fmt::format("process.rlimits[{}]: soft {}, hard {}", index, limit.soft, limit.hard);
}

std::string oom_score_name(const spec::Config& config) {
  const bool known = config.process && config.process->oom_score_adj;
  return known ? fmt::format("process.oomScoreAdj {}", *config.process->oom_score_adj)
               : "process.oomScoreAdj";
}

/// Nothing that a container's side says may steer the terminal that shows it.
void make_plain(std::span<char> text) {
  text.back() = 0;
  for (char& c : text)
    if (c != 0 && c != '\n' && (static_cast<unsigned char>(c) < ' ' || c == 0x7f)) c = '?';
}

/// What was being done to what.
std::string doing(const init::Report& report, const spec::Config& config, const init::Plan* plan) {
  if (report.stage >= Stage::working_directory && !config.process) return "the container's process";
  const auto index = report.index;
  switch (report.stage) {
    case Stage::begin: return "the container's init";
    case Stage::oom_score: return oom_score_name(config);
    case Stage::join_namespace: return join_name(config, plan, index);
    case Stage::user_namespace: return "becoming root in the user namespace";
    case Stage::loopback: return "bringing up the loopback interface";
    case Stage::cgroup: return "entering the cgroup";
    case Stage::affinity: return "leaving the caller's processors";
    case Stage::time_offsets: return "linux.timeOffsets";
    case Stage::propagation: return "linux.rootfsPropagation";
    case Stage::rootfs: return fmt::format("root.path {}", config.root->path);
    case Stage::mount: return mount_name(config, plan, index);
    case Stage::device: return device_name(config, plan, index);
    case Stage::link: return "the links in /dev";
    case Stage::terminal: return "process.terminal: opening a terminal in the container's /dev/pts";
    case Stage::create_container_hook:
      return hook_name("createContainer", config.hooks.create_container, index);
    case Stage::pivot: return "changing the root";
    case Stage::hostname: return fmt::format("hostname {}", config.hostname);
    case Stage::domainname: return fmt::format("domainname {}", config.domainname);
    case Stage::sysctl: return sysctl_name(config, index);
    case Stage::readonly_path: return path_name("readonlyPaths", config.linux->readonly_paths, index);
    case Stage::masked_path: return path_name("maskedPaths", config.linux->masked_paths, index);
    case Stage::readonly_root: return "root.readonly";
    case Stage::keyring: return "the session keyring";
    case Stage::label: return "process.apparmorProfile, process.selinuxLabel";
    case Stage::personality: return "linux.personality";
    case Stage::memory_policy: return "linux.memoryPolicy";
    case Stage::working_directory: return fmt::format("process.cwd {}", config.process->cwd);
    case Stage::rlimit: return rlimit_name(config, index);
    case Stage::identity:
      return fmt::format("process.user {}:{}", config.process->user.uid, config.process->user.gid);
    case Stage::capabilities: return "process.capabilities";
    case Stage::no_new_privileges: return "process.noNewPrivileges";
    case Stage::executable: return fmt::format("exec: \"{}\"", config.process->args.front());
    case Stage::execute: return fmt::format("exec {}", config.process->args.front());  // runc's two forms
    case Stage::start_container_hook: return hook_name("startContainer", config.hooks.start_container, index);
    case Stage::seccomp: return "linux.seccomp";
  }
  return "the container's init";
}

/// A hook's outcome comes as 4096 + its status: runtime/init/hooks.cpp.
Failure hook_failure(const std::string& what, const init::Report& report) {
  if (report.code == ETIMEDOUT) return {what + ": timed out and was killed", ETIMEDOUT};
  if (report.code < 4096) return explain(what, {"hook", report.code});
  const int status = report.code - 4096;
  std::string text = status > 128 ? fmt::format("{}: {}", what, hooks::killed_by(status - 128))
                                  : fmt::format("{}: exited with status {}", what, status);
  if (report.words[0]) text += fmt::format(": {}", report.words);
  return {text, ECANCELED};
}

/// The phrases that engines tell exit codes 126 and 127 by.
Failure executable_failure(const std::string& what, const init::Report& report) {
  const bool searched = std::string_view(report.call) == "$PATH";
  if (searched && report.code == ENOENT) return {what + ": executable file not found in $PATH", ENOENT};
  if (report.code == ENOENT && report.stage == Stage::execute)  // it was found before: execve(2), ENOENT
    return {
        what + ": no such file or directory (that is its interpreter: of the #! line, or the dynamic loader)",
        ENOENT};
  if (report.code == ENOENT) return {what + ": no such file or directory", ENOENT};
  if (report.code == EACCES) return {what + ": permission denied", EACCES};
  if (report.code == ENOEXEC)
    return {what + ": exec format error (made for another processor, or a script without a #! line)",
            ENOEXEC};
  if (report.code == EISDIR) return {what + ": is a directory: permission denied", EACCES};
  return {fmt::format("{}: {}", what, error_text(report.code)), report.code};
}

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

std::string help_for_mount(const init::Report& report, const init::Plan* plan) {
  const std::string_view call = report.call;
  // From anywhere else it is about the file system's own folders: overlay's, where they lie in one another.
  if (report.code == ELOOP && call == "openat2")
    return " (it must be mounted on ordinary directory, not over a symlink)";
  if (report.code == EACCES && is_making(call))
    return " (the mount point is missing, and the container's root may not make it: the root filesystem "
           "belongs to somebody else than its user namespace)";
  if (call == "open_tree") return help_for_source(report, plan);
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

}  // namespace

Failure phrase(const init::Report& from_init, const spec::Config& config, const init::Plan* plan) {
  init::Report report = from_init;
  make_plain(report.call);
  make_plain(report.words);
  const std::string what = doing(report, config, plan);
  switch (report.stage) {
    case Stage::create_container_hook:
    case Stage::start_container_hook: return hook_failure(what, report);
    case Stage::executable:
    case Stage::execute: return executable_failure(what, report);
    default: break;
  }
  // Messages of a mount context start with a letter for their level: fsopen(2).
  if (report.words[0] && report.words[1] == ' ')
    return {fmt::format(
                "{}: {}: {}{}", what, error_text(report.code),
                std::string_view(report.words + 2).substr(0, std::string_view(report.words + 2).find('\n')),
                help_for(report, plan)),
            report.code};
  auto failure = explain(what, {report.call, report.code});
  failure.text += help_for(report, plan);
  return failure;
}

}  // namespace lodger::launch
