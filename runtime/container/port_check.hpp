// The ports that a container declares, checked before it is made.
#pragma once
#include "netmode/mode.hpp"
#include "runtime/container/notices.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// Refuses published ports that are in each other's way, or on an address that the host does not have, where
/// they lead anywhere. Gives notice of those that are taken on the host, and by whom, containers of this
/// store included; fails where they are required to be free. See netmode/ports/preflight.hpp.
Outcome<> check_ports(const Store& store, const netmode::Decision& network, const Notices& notices);

/// The same look at the host's sockets once more, for a container on a bridge. EADDRINUSE: one holds a
/// published port; it and its owner are named.
Outcome<> check_sockets(const Store& store, const netmode::Decision& network);

}  // namespace lodger::container
