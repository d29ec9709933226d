// What a relay is to do, in pasta's words. Pure. Source: pasta(1), of 2023-03 (Debian 12) and of today.
#pragma once
#include <string>
#include <vector>

#include "netmode/relay/options.hpp"
#include "netmode/relay/program.hpp"
#include "netmode/relay/uplink.hpp"

namespace lodger::netmode::relay {

/// Where the child puts the network namespace's file (child.hpp): a file that is everywhere and that pasta
/// does not read.
inline constexpr const char* network_file = "/proc/version";

/// The container's address, and its gateway's. 192.0.0.0/29 is nobody's on any network (RFC 7335); the other
/// is a unique local address (RFC 4193).
inline constexpr const char *address4 = "192.0.0.2", *gateway4 = "192.0.0.1", *netmask4 = "255.255.255.248",
                            *address6 = "fd6c:6f64:6765:7200::2", *gateway6 = "fe80::1";

struct Task {
  Options options;
  /// UDP ports that the container has declared: an old pasta looks for others only once, when it starts.
  std::vector<PortRange> udp;
};

/// pasta's command line, its name first. Refused: one direction alone that is narrowed, where this version
/// confuses the two.
Outcome<std::vector<std::string>> arguments(const Program& program, const Task& task, const Uplink& uplink);

/// Whether it sees UDP servers come and go.
bool follows_udp(const Program& program);

}  // namespace lodger::netmode::relay
