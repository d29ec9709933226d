// The clauses of "linux.seccomp". Source: runtime-spec 1.3, config-linux.md, "Seccomp"; seccomp(2).
#include <fmt/core.h>

#include <algorithm>

#include "spec/clauses.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

namespace {

/// An action without a place for an errno, given one, MUST be an error. SECCOMP_RET_DATA has 16 bits, but
/// what the kernel returns for ERRNO ends at 4095 (MAX_ERRNO).
Outcome<> errno_of(std::string_view where, SeccompAction action, std::optional<std::uint32_t> code) {
  if (!code) return {};
  if (action != SeccompAction::errno_ && action != SeccompAction::trace)
    return refuse(fmt::format("{}: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one", where));
  const std::uint32_t most = action == SeccompAction::errno_ ? 4095 : 65535;
  if (*code > most) return refuse(fmt::format("{}: expected 0 to {}, found {}", where, most, *code));
  return {};
}

Outcome<> default_errno(const Seccomp& seccomp) {
  return errno_of("linux.seccomp.defaultErrnoRet", seccomp.default_action, seccomp.default_errno_ret);
}

/// The listener's path means nothing where no call is notified of: config-linux.md. A relative one would
/// depend on the folder that `start` is called in.
Outcome<> listener(const Seccomp& seccomp) {
  if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty())
    return refuse("linux.seccomp.listenerMetadata: must not be set without listenerPath");
  if (!seccomp.notifies()) return {};
  if (seccomp.listener_path.empty())
    return refuse("linux.seccomp.listenerPath: missing, and rules have the action SCMP_ACT_NOTIFY");
  if (seccomp.listener_path.starts_with('/')) return {};
  return refuse(fmt::format("linux.seccomp.listenerPath: must be an absolute path, found {}",
                            quoted(seccomp.listener_path)));
}

/// Between the filter and the program stands the handing over of the listener: what that takes cannot wait
/// for an agent. write(2) is none of it here, but other runtimes refuse it, and profiles are made for all of
/// them.
Outcome<> notified(const Seccomp& seccomp) {
  if (seccomp.default_action == SeccompAction::notify)
    return refuse(
        "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default, since it would stop the runtime "
        "itself; "
        "name the calls to be notified of");
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompSyscall& rule = seccomp.syscalls[i];
    if (rule.action != SeccompAction::notify) continue;
    for (const std::string_view call : {"sendmsg", "recvmsg", "write"})
      if (std::ranges::count(rule.names, call))
        return refuse(
            fmt::format("linux.seccomp.syscalls[{}]: SCMP_ACT_NOTIFY cannot be used for the {} syscall, "
                        "which a runtime itself needs until the agent has the listener",
                        i, call));
  }
  return {};
}

Outcome<> flags(const Seccomp& seccomp) {
  if (seccomp.notifies() || !seccomp.flags ||
      !std::ranges::count(*seccomp.flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
    return {};
  return refuse(
      "linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is about notifications, but no rule has "
      "the "
      "action SCMP_ACT_NOTIFY; remove the flag");
}

/// A system call has six arguments.
Outcome<> syscalls(const Seccomp& seccomp) {
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompSyscall& rule = seccomp.syscalls[i];
    if (rule.names.empty())
      return refuse(fmt::format("linux.seccomp.syscalls[{}].names: must have at least one entry", i));
    for (std::size_t arg = 0; arg < rule.args.size(); ++arg)
      if (rule.args[arg].index > 5)
        return refuse(fmt::format("linux.seccomp.syscalls[{}].args[{}].index: expected 0 to 5, found {}", i,
                                  arg, rule.args[arg].index));
    if (rule.errno_ret)
      TRY(errno_of(fmt::format("linux.seccomp.syscalls[{}].errnoRet", i), rule.action, rule.errno_ret));
  }
  return {};
}

constexpr Clause<Seccomp> clauses[] = {default_errno, listener, notified, flags, syscalls};

}  // namespace

std::span<const Clause<Seccomp>> seccomp_clauses() { return clauses; }

}  // namespace lodger::spec
