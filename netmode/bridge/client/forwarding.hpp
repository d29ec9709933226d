// What a network needs of the host's settings. Source: the kernel's Documentation/networking/ip-sysctl.rst.
//
// A host that forwards already (net.ipv4.ip_forward, net.ipv6.conf.all.forwarding) is left as it is. On one
// that does not, IPv4 is switched on for the bridge and each device with a global address, no more; IPv6 the
// same way where the kernel can (force_forwarding, Linux 6.17), else for all, and then a device that learns
// its routes from the network goes on doing so (accept_ra=2). Rules see to it that such a device forwards
// nothing but what is to and from our networks (table.cpp).
#pragma once
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/client/opened.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// A new bridge, before it is up: learns nothing from containers.
Outcome<> settle_bridge(const Network& network);
/// Whether the bridge routes 127.0.0.0/8 (route_localnet), for the host's own loopback to reach what
/// containers publish. Nothing but the rules keeps containers from the host's loopback while it does.
bool routes_loopback(const Network& network);
Outcome<> route_loopback(const Network& network, bool on);

/// The bridge drops what comes in by it under an IPv4 address that is not of its network (rp_filter), as far
/// as the host's own setting does not loosen that.
Outcome<> check_sources(const Network& network);
/// Whether the bridge forwards what comes in by it, by IPv4; `true`: as the host does.
Outcome<> forward_from(const Network& network, bool on);

/// What is to be set on the host, and what it is told of that, a line each.
struct Changes {
  struct Setting {
    std::string name, value, former;  // below /proc/sys/net
  };
  std::vector<Setting> settings;
  std::vector<std::string> words;
};
/// How forwarding comes on where it is missing. Names its devices in the sets opened4 and opened6: the rules
/// are there before it is on.
Outcome<Changes> open_forwarding(Netlink& route, Batch& transaction, const Network& network);
/// How it goes off again for these devices.
Changes close_forwarding(const Opened& opened);
/// A table that is made anew, since somebody has flushed the ruleset, has in its sets again those that are
/// noted and forward still.
Outcome<> guard_again(Netlink& route, Batch& transaction, const Opened& opened);
/// Where somebody has decided meanwhile that the host forwards, the devices that forwarded for our sake alone
/// do so for all: the sets lose them. IPv6 before Linux 6.17 cannot be told from our own doing.
Outcome<> forget_opened(Netlink& netfilter, Batch& transaction);
Outcome<> apply(const Changes& changes);
Outcome<> undo(const Changes& changes);

/// Gives eth0 of the network namespace that this thread is in a deaf ear for router advertisements, which
/// other containers could send.
Outcome<> settle_inside(const Network& network);

}  // namespace lodger::netmode::bridge
