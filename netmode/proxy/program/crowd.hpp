// Whose connection ends when all places are taken and somebody else comes: of a client that has more, the one
// that came last. As long as there are places nobody is counted out, and one client may have them all.
//
// An IPv6 client is given a /64 at least, and may use any address of it (RFC 4291 2.5.1, RFC 6177): first
// networks are weighed against each other, then the hosts of one network.
#pragma once
#include "netmode/proxy/program/shares.hpp"

namespace lodger::netmode::proxy {

/// For static storage: tables.
class Crowd {
 public:
  /// `seed`: random.
  void begin(std::uint64_t seed) {
    networks_.begin(seed);
    hosts_.begin(seed);
  }
  /// Addresses of IPv4 as ::ffff:a.b.c.d, each a network of its own.
  void add(std::uint32_t flow, const in6_addr& client);
  void remove(std::uint32_t flow);
  /// `none`: no network has two more than this client's, nor does the client that has the most of all, in the
  /// same network, have two more than this one.
  std::uint32_t gives_way_to(const in6_addr& client) const;

 private:
  Shares networks_, hosts_;
};

}  // namespace lodger::netmode::proxy
