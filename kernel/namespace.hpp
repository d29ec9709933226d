// Namespaces and what is set in them. namespaces(7), setns(2), unshare(2), time_namespaces(7).
#pragma once
#include <linux/sched.h>

#include <string_view>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// setns(2); `type` is the CLONE_NEW* that the descriptor has to be.
inline Result<> setns(int ns, unsigned type) { return done("setns", __NR_setns, ns, type); }
inline Result<> unshare(unsigned types) { return done("unshare", __NR_unshare, types); }
inline Result<> sethostname(std::string_view name) {
  return done("sethostname", __NR_sethostname, name.data(), name.size());
}
inline Result<> setdomainname(std::string_view name) {
  return done("setdomainname", __NR_setdomainname, name.data(), name.size());
}

}  // namespace lodger::kernel
