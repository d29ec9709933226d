// The published ports of one container: apart from each other, and on addresses that the host has.
#pragma once
#include <optional>
#include <span>
#include <utility>

#include "kernel/failure.hpp"
#include "netmode/mode.hpp"
#include "netmode/publish.hpp"

namespace lodger::netmode::ports {

/// The host's or the container's.
using Side = PortRange Publication::*;
/// Whether two that have a port in common are in each other's way.
using Meeting = bool (*)(const Publication&, const Publication&);
/// Two of one protocol that have a port in common on this side and meet, in the order in which they were
/// given; nothing where there are none. By sorting: there may be tens of thousands.
std::optional<std::pair<const Publication*, const Publication*>> overlap(std::span<const Publication> all,
                                                                         Side side, Meeting meet);

/// Refuses, where they lead anywhere (bridge, map), two that want one port of the host, and an address that
/// is not the host's, which no packet for it would come to. Ports that are yet to be chosen are in nobody's
/// way. Costs no system call but for a publication with an address: three then.
Outcome<> check_published(const Decision& decision);

}  // namespace lodger::netmode::ports
