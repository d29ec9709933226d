// The ports that a container says it is going to bind, and those of them that are taken.
#pragma once
#include <vector>

#include "netmode/mode.hpp"
#include "netmode/ports/sockets.hpp"

namespace lodger::netmode::ports {

/// A range of ports to be bound.
struct Wanted {
  Protocol protocol = Protocol::tcp;
  PortRange range;
  std::optional<Address> address;  // none: all, as is usual
  bool any_of = false;             // one free port of the range is enough
};

/// Whether it has a relay with a list, which lets nothing else in.
bool is_listed(const Decision& decision);

/// Of a relay with a list, the list. Else, without `map`, the container binds what its image says, the
/// container's side of a publication; with it the host's side, on the address that it names. A port that the
/// host is going to choose is not among them.
std::vector<Wanted> wanted(const Decision& decision);

/// Whether the bundle or its user says anything about ports.
bool declares_any(const Decision& decision);

/// What of `held` is in the way of `wanted`, in the order of `held`.
std::vector<Held> clashes(const std::vector<Wanted>& wanted, const std::vector<Held>& held);

}  // namespace lodger::netmode::ports
