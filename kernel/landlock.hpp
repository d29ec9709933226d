// Landlock: what a process, and all that it starts, may do no more. landlock(7),
// Documentation/userspace-api/landlock.rst. The headers of a build machine may be older than what the kernel
// that runs can do, so that the numbers of <linux/landlock.h> stand here.
#pragma once
#include "kernel/fd.hpp"

namespace lodger::kernel {

struct Ruleset;  // a kind of descriptor

/// What a ruleset takes away, but for the exceptions that are added to it. The kernel's struct
/// landlock_ruleset_attr.
struct Landlocked {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  // version 4, Linux 6.7
  std::uint64_t scoped = 0;   // version 6, Linux 6.12
};
/// LANDLOCK_ACCESS_NET_BIND_TCP
inline constexpr std::uint64_t landlock_bind_tcp = 1;
/// LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET: abstract sockets of whoever is not in the same domain or below.
inline constexpr std::uint64_t landlock_abstract_sockets = 1;

/// The version of the kernel's Landlock. ENOSYS: none; EOPNOTSUPP: it is switched off (lsm=).
inline Result<long> landlock_version() {
  return call("landlock_create_ruleset", __NR_landlock_create_ruleset, nullptr, 0, 1);
}
inline Result<Fd<Ruleset>> make_ruleset(const Landlocked& what) {
  return opened<Ruleset>("landlock_create_ruleset", __NR_landlock_create_ruleset, word(&what), sizeof what,
                         0);
}
/// An exception from landlock_bind_tcp; 0: a port of the kernel's choice. LANDLOCK_RULE_NET_PORT
inline Result<> allow_tcp_bind(const Fd<Ruleset>& ruleset, std::uint16_t port) {
  const struct { std::uint64_t access, port; } rule{landlock_bind_tcp, port};
  return done("landlock_add_rule", __NR_landlock_add_rule, ruleset.get(), 2, &rule, 0);
}
/// For this thread for good. Needs no_new_privs, or CAP_SYS_ADMIN in its user namespace.
inline Result<> enter_domain(int ruleset) {
  return done("landlock_restrict_self", __NR_landlock_restrict_self, ruleset, 0);
}

}  // namespace lodger::kernel
