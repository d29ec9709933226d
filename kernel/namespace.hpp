// Namespaces and what is set in them. namespaces(7), setns(2), unshare(2), time_namespaces(7).
#pragma once
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sys/utsname.h>

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
/// ioctl_ns(2) NS_GET_NSTYPE: the CLONE_NEW* of a namespace's descriptor.
inline Result<unsigned> namespace_type(int ns) {
  return static_cast<unsigned>(TRY(call("ioctl", __NR_ioctl, ns, NS_GET_NSTYPE)));
}
/// ioctl_ns(2) NS_GET_USERNS: the user namespace that a namespace belongs to. EPERM: it is none of ours, nor
/// below.
inline Result<Fd<Namespace>> owner_of(int ns) {
  return opened<Namespace>("ioctl NS_GET_USERNS", __NR_ioctl, ns, NS_GET_USERNS);
}
/// uname(2)
inline Result<utsname> uname() {
  utsname out;
  TRY(done("uname", __NR_uname, &out));
  return out;
}

}  // namespace lodger::kernel
