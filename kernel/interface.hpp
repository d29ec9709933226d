// Network interfaces: what little a container runtime does to them itself. netdevice(7).
#pragma once
#include <linux/if.h>
#include <linux/sockios.h>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// SIOCSIFFLAGS: brings an interface of the socket's network namespace up. Any family of socket will do; the
/// name is at most IFNAMSIZ - 1 bytes long. Needs CAP_NET_ADMIN.
inline Result<> bring_up(const Fd<Socket>& socket, const char* interface) {
  ifreq request{};
  for (int i = 0; i < IFNAMSIZ - 1 && interface[i]; ++i) request.ifr_name[i] = interface[i];
  request.ifr_flags = IFF_UP;
  return done("ioctl", __NR_ioctl, socket.get(), SIOCSIFFLAGS, &request);
}

}  // namespace lodger::kernel
