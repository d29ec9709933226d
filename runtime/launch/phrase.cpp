#include "runtime/launch/phrase.hpp"

#include <fmt/core.h>

#include "runtime/hooks/hooks.hpp"
#include "runtime/launch/help.hpp"

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
    case Stage::domain: return "--network host: entering the Landlock domain";
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
