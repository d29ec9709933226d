// The architectures of the table of system calls, in its order.
#pragma once
#include <linux/audit.h>

#include <array>

#include "runtime/security/syscalls.hpp"

namespace lodger::security {

// Big-endian ones are missing on purpose: lodger runs on little-endian machines, whose kernels never report
// them. The same holds for what the libseccomp of the day did not know yet (loongarch64, sh).
inline constexpr std::array<Architecture, 10> all_architectures{{
    {"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, 0, true},
    {"SCMP_ARCH_X86", AUDIT_ARCH_I386, 0, false},
    {"SCMP_ARCH_X32", AUDIT_ARCH_X86_64, 0x40000000, false},
    {"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0, true},
    {"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, 0, false},
    {"SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL, 4000, false},
    {"SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64, 5000, true},
    {"SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32, 6000, false},
    {"SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE, 0, true},
    {"SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, 0, true},
}};

}  // namespace lodger::security
