#include "netmode/ports/bound.hpp"

#include <cstring>

#include "kernel/inet.hpp"
#include "netmode/ports/address.hpp"

namespace lodger::netmode::ports {
namespace {

kernel::Endpoint endpoint(const Address& address, std::uint16_t port) {
  in6_addr six{};
  in_addr four{};
  std::memcpy(&six, address.bytes.data(), sizeof six);
  std::memcpy(&four, address.bytes.data(), sizeof four);
  return address.v6 ? kernel::Endpoint(six, port) : kernel::Endpoint(four, port);
}

kernel::Result<Bound> bind_at(Protocol protocol, const kernel::Endpoint& at) {
  const int type = protocol == Protocol::udp ? SOCK_DGRAM : SOCK_STREAM;
  Bound bound{TRY(kernel::inet_socket(at.family(), type))};
  TRY(kernel::bind(bound.socket, at));
  const auto own = TRY(kernel::own_endpoint(bound.socket.get()));
  bound.port = own.port();
  return bound;
}

}  // namespace

kernel::Result<Bound> bind(Protocol protocol, const std::string& host_ip, std::uint16_t port) {
  if (!host_ip.empty()) {
    const auto address = parse_address(host_ip);
    if (!address) return kernel::fail("bind", EINVAL);
    return bind_at(protocol, endpoint(*address, port));
  }
  auto bound = bind_at(protocol, kernel::Endpoint(in6addr_any, port));
  if (bound || bound.error().code != EAFNOSUPPORT) return bound;
  return bind_at(protocol, kernel::Endpoint(in_addr{INADDR_ANY}, port));
}

}  // namespace lodger::netmode::ports
