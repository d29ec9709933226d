// What a container may do with ports, as plain data: the sockets' policy before it is programs.
#pragma once
#include <optional>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/options.hpp"

namespace lodger::netmode::policy {

/// Ports by protocol: sorted, without overlap.
struct PortSet {
  std::vector<PortRange> tcp, udp;
  /// SCTP has none.
  const std::vector<PortRange>& of(Protocol protocol) const { return protocol == Protocol::udp ? udp : tcp; }
};
PortSet port_set(const std::vector<Ports>& ports);

/// More ranges than a program could tell apart with its jumps, which reach 32,767 instructions.
inline constexpr std::size_t most_ranges = 4096;

struct Rules {
  std::optional<PortSet> bind;  // what may be bound; not set: everything

  bool any() const { return bind.has_value(); }
};
/// Refuses what no program could enforce.
Outcome<Rules> rules_of(const HostOptions& options);

}  // namespace lodger::netmode::policy
