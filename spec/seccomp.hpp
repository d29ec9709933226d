// The "linux.seccomp" object of config.json. Source: runtime-spec 1.3, config-linux.md, "Seccomp".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lodger::spec {

/// SCMP_ACT_*; `kill` is SCMP_ACT_KILL, an alias of kill_thread.
enum class SeccompAction : std::uint8_t {
  kill,
  kill_process,
  kill_thread,
  trap,
  errno_,
  trace,
  allow,
  log,
  notify
};

/// SCMP_CMP_*
enum class SeccompOperator : std::uint8_t { ne, lt, le, eq, ge, gt, masked_eq };

struct SeccompArg {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;  // with masked_eq: value is the mask, value_two what is compared
  SeccompOperator op = SeccompOperator::eq;
};

struct SeccompSyscall {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::allow;
  std::optional<std::uint32_t> errno_ret;
  std::vector<SeccompArg> args;
};

struct Seccomp {
  SeccompAction default_action = SeccompAction::allow;
  std::optional<std::uint32_t> default_errno_ret;
  std::vector<std::string> architectures;         // SCMP_ARCH_*, known names only
  std::optional<std::vector<std::string>> flags;  // SECCOMP_FILTER_FLAG_*; absent is not the same as empty
  std::string listener_path, listener_metadata;
  std::vector<SeccompSyscall> syscalls;

  /// Whether an agent is to be asked about some calls.
  bool notifies() const {
    for (const auto& rule : syscalls)
      if (rule.action == SeccompAction::notify) return true;
    return false;
  }
};

}  // namespace lodger::spec
