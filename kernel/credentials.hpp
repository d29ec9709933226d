// Identities, capabilities, limits, filters: what a process may do. credentials(7), capabilities(7),
// getrlimit(2), seccomp(2), keyctl(2).
#pragma once
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "kernel/process.hpp"

namespace lodger::kernel {

inline Result<> setresuid(unsigned uid) { return done("setresuid", __NR_setresuid, uid, uid, uid); }
/// setresuid(2) of the effective user alone. From 0 it takes the effective capabilities: capabilities(7).
inline Result<> set_effective_uid(unsigned uid) { return done("setresuid", __NR_setresuid, -1, uid, -1); }
inline Result<> setresgid(unsigned gid) { return done("setresgid", __NR_setresgid, gid, gid, gid); }
inline Result<> setgroups(std::span<const unsigned> groups) {
  return done("setgroups", __NR_setgroups, groups.size(), groups.data());
}
inline unsigned umask(unsigned mask) { return static_cast<unsigned>(raw(__NR_umask, mask)); }

/// A capability's place in a set.
constexpr std::uint64_t capability_bit(int capability) { return 1ULL << capability; }

/// capset(2) of this thread, as 64-bit masks.
inline Result<> capset(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto low = [](std::uint64_t set) { return static_cast<std::uint32_t>(set); };
  const auto high = [](std::uint64_t set) { return static_cast<std::uint32_t>(set >> 32); };
  const __user_cap_data_struct sets[2] = {{low(effective), low(permitted), low(inheritable)},
                                          {high(effective), high(permitted), high(inheritable)}};
  return done("capset", __NR_capset, &head, sets);
}

/// capget(2) of this thread: the permitted set.
inline Result<std::uint64_t> permitted_capabilities() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2];
  TRY(done("capget", __NR_capget, &head, sets));
  return std::uint64_t{sets[1].permitted} << 32 | sets[0].permitted;
}

struct Limit {
  std::uint64_t soft, hard;
};
inline Result<Limit> limit(int resource) {
  Limit now{};
  TRY(done("prlimit64", __NR_prlimit64, 0, resource, nullptr, &now));
  return now;
}
inline Result<> set_limit(int resource, const Limit& limit) {
  return done("prlimit64", __NR_prlimit64, 0, resource, &limit, nullptr);
}

/// seccomp(2) SECCOMP_SET_MODE_FILTER: either no_new_privs or CAP_SYS_ADMIN is needed.
inline Result<> set_filter(const sock_fprog& program, unsigned flags) {
  return done("seccomp", __NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
/// The same with SECCOMP_FILTER_FLAG_NEW_LISTENER among the flags: the descriptor that notifications come
/// from.
inline Result<Fd<File>> set_filter_with_listener(const sock_fprog& program, unsigned flags) {
  return opened<File>("seccomp", __NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
/// keyctl(2) KEYCTL_JOIN_SESSION_KEYRING
inline Result<> join_session_keyring(const char* name) {
  return done("keyctl", __NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
}

}  // namespace lodger::kernel
