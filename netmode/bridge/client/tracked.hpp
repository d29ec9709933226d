// Connections that the kernel tracks (ctnetlink): nf_conntrack remembers where a client's packets were led
// for as long as they come, whatever the rules say by now.
#pragma once
#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/client/sets.hpp"

namespace lodger::netmode::bridge {

/// Forgets all that leads to the container. Nothing to do on a kernel that does not tell what it tracks.
Outcome<> forget_tracked(Netlink& netfilter, const Target& target);
/// Forgets what comes to these doors by UDP from before they were there: whoever goes on speaking would never
/// be led through them.
Outcome<> forget_passing(Netlink& netfilter, const std::vector<Door>& doors);

}  // namespace lodger::netmode::bridge
