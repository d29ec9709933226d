// A batch of datagrams in memory, with where each came from or goes to. recvmmsg(2), sendmmsg(2), ip(7) and
// ipv6(7), "IP_PKTINFO" and "IPV6_PKTINFO".
#pragma once
#include <span>

#include "kernel/inet.hpp"
#include "netmode/proxy/program/peers.hpp"

namespace lodger::netmode::proxy {

class Datagrams {
 public:
  static constexpr unsigned most = 16;

  /// What waits in a socket, at most a batch; an error that the socket had is taken and means nothing.
  unsigned receive(int socket);
  /// Who sent the i-th one, to which of our addresses.
  Speaker speaker(unsigned i, std::uint32_t door) const;
  /// Hands on those from `first` to `last`, without `last`: to whom the socket is connected to.
  void send(int socket, unsigned first, unsigned last);
  /// Hands on the first `count`, to one who spoke to us, from the address that it spoke to. `both`: the
  /// socket is of both families.
  void send_to(int socket, unsigned count, const Speaker& who, int family);

 private:
  void address(unsigned i, const kernel::Endpoint& to, std::span<const char> control);
  void send_all(int socket, unsigned first, unsigned last);

  static constexpr std::size_t longest = 65536;  // a datagram's length has 16 bits: udp(7)
  alignas(cmsghdr) char control_[most][128];
  char bytes_[most][longest];
  kernel::Endpoint from_[most];
  iovec parts_[most];
  mmsghdr messages_[most];
};

}  // namespace lodger::netmode::proxy
