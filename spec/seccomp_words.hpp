// The words of linux.seccomp. Source: runtime-spec 1.3, config-linux.md, "Seccomp"; libseccomp 2.6's
// seccomp.h. Internal to spec/.
#pragma once
#include <string_view>

#include "spec/read.hpp"
#include "spec/seccomp.hpp"

namespace lodger::spec {

inline constexpr Word<SeccompAction> seccomp_actions[] = {
    {"SCMP_ACT_ALLOW", SeccompAction::allow},
    {"SCMP_ACT_ERRNO", SeccompAction::errno_},
    {"SCMP_ACT_KILL", SeccompAction::kill},
    {"SCMP_ACT_KILL_PROCESS", SeccompAction::kill_process},
    {"SCMP_ACT_KILL_THREAD", SeccompAction::kill_thread},
    {"SCMP_ACT_LOG", SeccompAction::log},
    {"SCMP_ACT_NOTIFY", SeccompAction::notify},
    {"SCMP_ACT_TRACE", SeccompAction::trace},
    {"SCMP_ACT_TRAP", SeccompAction::trap},
};

inline constexpr Word<SeccompOperator> seccomp_operators[] = {
    {"SCMP_CMP_EQ", SeccompOperator::eq}, {"SCMP_CMP_GE", SeccompOperator::ge},
    {"SCMP_CMP_GT", SeccompOperator::gt}, {"SCMP_CMP_LE", SeccompOperator::le},
    {"SCMP_CMP_LT", SeccompOperator::lt}, {"SCMP_CMP_MASKED_EQ", SeccompOperator::masked_eq},
    {"SCMP_CMP_NE", SeccompOperator::ne},
};

inline constexpr std::string_view seccomp_architectures[] = {
    "SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
    "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
    "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",
};

inline constexpr std::string_view seccomp_flags[] = {
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

}  // namespace lodger::spec
