// Where a client is led to.
#pragma once
#include "kernel/inet.hpp"
#include "netmode/proxy/protocol.hpp"

namespace lodger::netmode::proxy {

/// The container's address of the client's own family, or the only one there is.
inline kernel::Endpoint destination(const Target& target, bool client_is_v4, std::uint16_t port) {
  const bool v4 = target.v4 && (client_is_v4 || !target.v6);
  return v4 ? kernel::Endpoint(*target.v4, port) : kernel::Endpoint(target.v6.value_or(in6addr_any), port);
}

}  // namespace lodger::netmode::proxy
