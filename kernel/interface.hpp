// Network interfaces: what little a container runtime does to them itself. netdevice(7).
#pragma once
#include <linux/if.h>
#include <linux/sockios.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "kernel/fd.hpp"

namespace lodger::kernel {

inline ifreq request_about(std::string_view interface) {
  ifreq request{};
  std::memcpy(request.ifr_name, interface.data(), std::min(interface.size(), std::size_t{IFNAMSIZ - 1}));
  return request;
}

/// SIOCSIFFLAGS: brings an interface of the socket's network namespace up. Any family of socket will do; the
/// name is at most IFNAMSIZ - 1 bytes long. Needs CAP_NET_ADMIN.
inline Result<> bring_up(const Fd<Socket>& socket, const char* interface) {
  auto request = request_about(interface);
  request.ifr_flags = IFF_UP;
  return done("ioctl", __NR_ioctl, socket.get(), SIOCSIFFLAGS, &request);
}

/// SIOCGIFFLAGS: whether an interface, found as bring_up() finds it, is up.
inline Result<bool> is_up(const Fd<Socket>& socket, std::string_view interface) {
  auto request = request_about(interface);
  TRY(done("ioctl", __NR_ioctl, socket.get(), SIOCGIFFLAGS, &request));
  return (request.ifr_flags & IFF_UP) != 0;
}

using HardwareAddress = std::array<std::uint8_t, 6>;

/// SIOCGIFHWADDR: the hardware address of an interface, as bring_up() finds it. ENODEV: there is none.
inline Result<HardwareAddress> hardware_address(const Fd<Socket>& socket, std::string_view interface) {
  auto request = request_about(interface);
  TRY(done("ioctl", __NR_ioctl, socket.get(), SIOCGIFHWADDR, &request));
  HardwareAddress out;
  std::memcpy(out.data(), request.ifr_hwaddr.sa_data, out.size());
  return out;
}

}  // namespace lodger::kernel
