// The device of the host after which pasta models the container's.
#pragma once
#include <string>

namespace lodger::netmode::relay {

struct Uplink {
  std::string device = "lo";
  bool link_local6 = false;  // without such an address pasta of before 2024 does no IPv6
};

/// One that is up and has a link-local address of IPv6, if there is any; else the loopback, since addresses
/// and routes are given to pasta anyway. netdevice(7), getifaddrs(3).
Uplink find_uplink();

}  // namespace lodger::netmode::relay
