// A network's end in the kernel: its device, its rules, and with the last one all that they share.
#pragma once
#include "kernel/helper.hpp"
#include "netmode/bridge/client/session.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// Gives what was changed on the host, a line each. A device that is somebody else's stays, with what the
/// rules say of it. Can be repeated where it was cut short.
Outcome<kernel::Words> remove_network(Session& session, const Network& network);

}  // namespace lodger::netmode::bridge
