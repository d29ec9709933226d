// Privileges, seccomp and security modules.
#include <fmt/core.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "kernel/credentials.hpp"
#include "runtime/check/check.hpp"
#include "runtime/security/capabilities.hpp"
#include "runtime/security/labels.hpp"

namespace lodger::check {
namespace {

Finding user() {
  if (::geteuid() == 0) return {"security", "user", Verdict::good, "root", ""};
  return {"security", "user", Verdict::limited, fmt::format("uid {}", ::geteuid()),
          "containers need a user namespace: \"lodger spec --rootless\" writes such a configuration"};
}

/// What a container cannot be given because lodger itself has not got it.
Finding capabilities() {
  const auto held = kernel::permitted_capabilities().value_or(0);
  std::string lacking;
  std::vector<std::string> unknown;
  for (const auto& name : security::capability_names())
    if (security::capability_masks({.permitted = {name}}, unknown).permitted & ~held)
      lacking += (lacking.empty() ? "" : " ") + name;
  if (lacking.empty()) return {"security", "capabilities", Verdict::good, "all", ""};
  return {"security", "capabilities", Verdict::limited, held ? fmt::format("all but {}", lacking) : "none",
          "a container without a user namespace that asks for one of these is refused"};
}

Finding seccomp_action(const char* name, std::uint32_t action, const char* for_what) {
  const auto answer = kernel::call("seccomp", __NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
  if (answer) return {"security", name, Verdict::good, "there", for_what};
  return {"security", name, Verdict::limited, fmt::format("missing: {}", error_text(answer.error().code)),
          fmt::format("needed for {}", for_what)};
}

/// landlock_create_ruleset(2) with LANDLOCK_CREATE_RULESET_VERSION.
Finding landlock() {
  const auto abi = kernel::call("landlock_create_ruleset", 444, static_cast<void*>(nullptr), 0, 1);
  if (abi) return {"security", "Landlock", Verdict::good, fmt::format("version {}", *abi), ""};
  return {"security", "Landlock", Verdict::limited, fmt::format("missing: {}", error_text(abi.error().code)),
          "not among the security modules of this kernel (lsm=)"};
}

Finding module(const char* name, bool enabled, const char* property) {
  if (enabled) return {"security", name, Verdict::good, "enabled", property};
  return {"security", name, Verdict::limited, "not enabled",
          fmt::format("a configuration with {} is refused", property)};
}

}  // namespace

void look_at_security(std::vector<Finding>& findings) {
  findings.push_back(user());
  findings.push_back(capabilities());
  findings.push_back(seccomp_action("seccomp", SECCOMP_RET_ERRNO, "linux.seccomp"));
  findings.push_back(seccomp_action("seccomp notification", SECCOMP_RET_USER_NOTIF, "SCMP_ACT_NOTIFY"));
  findings.push_back(module("AppArmor", security::apparmor_enabled(), "process.apparmorProfile"));
  findings.push_back(
      module("SELinux", security::selinux_enabled(), "process.selinuxLabel or linux.mountLabel"));
  findings.push_back(landlock());
}

}  // namespace lodger::check
