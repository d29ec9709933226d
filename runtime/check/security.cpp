// Privileges, seccomp and security modules.
#include <fmt/core.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "kernel/credentials.hpp"
#include "kernel/landlock.hpp"
#include "netmode/policy/policy.hpp"
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

Finding landlock() {
  const auto version = kernel::landlock_version();
  if (version && *version >= 6)
    return {"security", "Landlock", Verdict::good, fmt::format("version {}", *version),
            "--network host,private-abstract"};
  if (version)
    return {"security", "Landlock", Verdict::limited, fmt::format("version {}", *version),
            "--network host,private-abstract takes version 6 (Linux 6.12); a list of ports to bind without "
            "BPF version 4 (Linux 6.7)"};
  return {"security", "Landlock", Verdict::limited,
          fmt::format("missing: {}", error_text(version.error().code)),
          "not among the security modules of this kernel (lsm=)"};
}

/// By trying: the program of an empty list is loaded, and gone with its descriptor.
Finding port_programs() {
  netmode::policy::Rules rules;
  rules.bind.emplace();
  const auto policy = netmode::policy::Policy::load(rules);
  if (policy) return {"security", "port programs", Verdict::good, "loaded", "--network host,bind= and map"};
  return {"security", "port programs", Verdict::limited, policy.error().text,
          "--network host,map is refused, and bind= can only be kept by Landlock"};
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
  findings.push_back(port_programs());
}

}  // namespace lodger::check
