// Sockets that are bound as a server's would be: what a look at others' sockets cannot tell.
#pragma once
#include <cstdint>
#include <string>

#include "kernel/fd.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode::ports {

struct Bound {
  kernel::Fd<kernel::Socket> socket;
  std::uint16_t port = 0;
};
/// `host_ip` as a publication has it; empty: all addresses of both families, on a host without IPv6 all of
/// IPv4. Port 0: one of the kernel's choice. SCTP's ports are told by TCP's.
kernel::Result<Bound> bind(Protocol protocol, const std::string& host_ip, std::uint16_t port);

}  // namespace lodger::netmode::ports
