// From the profile of config.json to the kernel's filter program. Source: seccomp(2); bpf instructions of
// <linux/filter.h>; runtime-spec 1.3, config-linux.md, "Seccomp".
#pragma once
#include <linux/filter.h>

#include <vector>

#include "kernel/failure.hpp"
#include "spec/seccomp.hpp"

namespace lodger::security {

struct SeccompProgram {
  std::vector<sock_filter> instructions;
  unsigned flags = 0;  // SECCOMP_FILTER_FLAG_* for seccomp(2)
};

/// Compiles a checked profile. Unknown syscall names are left out, as the specification lets a runtime do.
Outcome<SeccompProgram> compile(const spec::Seccomp& profile);

}  // namespace lodger::security
