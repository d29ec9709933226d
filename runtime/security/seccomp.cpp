#include "runtime/security/seccomp.hpp"

#include <fmt/core.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/security/seccomp_emit.hpp"
#include "runtime/security/seccomp_model.hpp"
#include "runtime/security/syscalls.hpp"

namespace lodger::security {

namespace {

// In the specification's list, but not in this machine's table: see seccomp.hpp.
constexpr std::array<std::string_view, 13> elsewhere{
    "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32",  "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",
    "SCMP_ARCH_S390", "SCMP_ARCH_S390X",  "SCMP_ARCH_PARISC",     "SCMP_ARCH_PARISC64", "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",   "SCMP_ARCH_SHEB",   "SCMP_ARCH_LOONGARCH64"};

Outcome<> check_architectures(const spec::Seccomp& profile) {
  for (const auto& name : profile.architectures)
    if (!find_architecture(name) && std::ranges::find(elsewhere, name) == elsewhere.end())
      return refuse(fmt::format("linux.seccomp.architectures: unknown architecture \"{}\"", name));
  return {};
}

// TSYNC is about a process's other threads; the container's init has none when it loads the filter.
Outcome<unsigned> flag(std::string_view name) {
  if (name == "SECCOMP_FILTER_FLAG_TSYNC") return 0;
  if (name == "SECCOMP_FILTER_FLAG_LOG") return SECCOMP_FILTER_FLAG_LOG;
  if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  if (name == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") return SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  return refuse(fmt::format("linux.seccomp.flags: unknown flag \"{}\"", name));
}

// Without "flags", speculation is not restricted, as with runc and crun: the mitigation costs every
// program in the container dearly, and kernels since 5.16 do not apply it by default either
// (spec_store_bypass_ disable=prctl). An empty list is an answer, too: it asks for the kernel's own default.
Outcome<unsigned> flags(const spec::Seccomp& profile) {
  unsigned out = profile.notifies() ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (!profile.flags) return out | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (const auto& name : *profile.flags) out |= TRY(flag(name));
  return out;
}

}  // namespace

Outcome<SeccompProgram> compile(const spec::Seccomp& profile, bool newer_is_enosys) {
  TRY(check_architectures(profile));
  SeccompProgram out;
  out.flags = TRY(flags(profile));
  const auto plan = TRY(model(profile, newer_is_enosys));
  out.instructions = TRY(emit(plan));
  return out;
}

}  // namespace lodger::security
