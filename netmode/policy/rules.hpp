// What a container may do with ports, as plain data: the sockets' policy before it is programs.
#pragma once
#include <netinet/in.h>

#include <optional>
#include <span>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/options.hpp"

namespace lodger::netmode::policy {

/// Ports by protocol: sorted, without overlap.
struct PortSet {
  std::vector<PortRange> tcp, udp;
};
/// Whether it is every port.
bool is_everything(const std::vector<PortRange>& ranges);
PortSet port_set(const std::vector<Ports>& ports);

/// A range of the container's ports that is another one of the host's.
struct Mapping {
  PortRange container;
  PortRange host;             // as long
  std::optional<in_addr> v4;  // published on this address; neither: on all
  std::optional<in6_addr> v6;
};
/// Sorted by the container's ports, without overlap on either side.
struct PortMap {
  std::vector<Mapping> tcp, udp;
  bool empty() const { return tcp.empty() && udp.empty(); }
};

/// More than a program could tell apart with its jumps, which reach 32,767 instructions.
inline constexpr std::size_t most_ranges = 4096, most_mappings = 256;

struct Rules {
  std::optional<PortSet> bind;  // what may be bound beside what is mapped; not set: everything
  PortMap map;
  bool unicast = false;  // no packet to or from a group, or to everybody

  bool ports() const { return bind || !map.empty(); }
  bool any() const { return ports() || unicast; }
};
/// `publications`: with map, those whose host ports are decided (settle()). Refuses what no program could
/// enforce, and what a socket, which has one address, cannot be.
Outcome<Rules> rules_of(const HostOptions& options, std::span<const Publication> publications);

}  // namespace lodger::netmode::policy
