// What other programs' rules do to a network's traffic. Every base chain of a hook is asked, and a drop in
// one is not made good by an accept in another (nft(8), "Verdict statements"): where Docker's or a firewall's
// drop what is forwarded, ours cannot help it.
#pragma once
#include <string>
#include <vector>

#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// One sentence for each table of somebody else's that drops or rejects what is forwarded and does not know
/// the network's device: what it is, and which command helps.
Outcome<std::vector<std::string>> in_the_way(Netlink& netfilter, const Network& network);

}  // namespace lodger::netmode::bridge
