// From the profile of config.json to the kernel's filter program. Source: seccomp(2); bpf instructions of
// <linux/filter.h>; runtime-spec 1.3, config-linux.md, "Seccomp".
//
// The verdicts are those that libseccomp 2.5 gives as runc and crun use it, found in a fraction of the time
// (an own generator, tables made when lodger is built). Where they differ, on purpose:
//  - Newer calls. Where the default action stops a call, numbers above the highest that the profile names get
//    ENOSYS, so that a C library falls back instead of taking EPERM for an answer. runc does the same for the
//    architectures that the profile lists; lodger does it for the native one, too, if the list is empty.
//  - Rules mean what they say where libseccomp 2.5.4 errs: "less or equal" behind another comparison on 32
//  bits;
//    alternatives of several comparisons each; several bounds of one argument that differ above 32 bits; a
//    call that an architecture lacks, named before all others. The tests say which and how.
//  - Architectures that this machine's kernel cannot report (the other byte order, or unknown to libseccomp)
//    may be listed and do nothing; libseccomp fails.
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
/// Refuses: unknown flags and architectures, rules that contradict each other, programs above BPF_MAXINSNS.
/// spec/check.hpp has seen to everything else. `newer_is_enosys` is there for tests, which compare with
/// libseccomp alone.
Outcome<SeccompProgram> compile(const spec::Seccomp& profile, bool newer_is_enosys = true);

/// Refuses a profile with SCMP_ACT_NOTIFY that stops the calls by which init hands over the listener and
/// waits for its agent. Other profiles cost nothing here. seccomp_listener.cpp
Outcome<> check_listener(const spec::Seccomp& profile);

}  // namespace lodger::security
