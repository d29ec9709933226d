// Devices, addresses and routes. Source: rtnetlink(7); ip-link(8), "bridge" and "veth".
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "kernel/failure.hpp"
#include "kernel/fd.hpp"
#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// Makes the network's device, down and without addresses, where it is missing. EEXIST: somebody else's has
/// the name.
Outcome<> make_bridge(Netlink& route, const Network& network);
/// Those that it has already are left.
Outcome<> give_addresses(Netlink& route, const Network& network);
Outcome<> set_up(Netlink& route, const std::string& device);
Outcome<> remove_bridge(Netlink& route, const Network& network);

/// A pair of devices: the host's end up and a port of the bridge, the other "eth0" of the namespace.
Outcome<> make_pair(Netlink& route, const Network& network, V4 address,
                    const kernel::Fd<kernel::Namespace>& ns);
/// In the container's namespace: eth0's addresses, it and the loopback up, the routes by the gateway.
Outcome<> set_up_inside(Netlink& route, const Network& network, V4 address);

struct Link {
  std::string_view name, alias, kind;  // of the latter two "" for none; ip-link(8), "type": "bridge"
  bool up = false;
  bool is_bridge() const { return kind == "bridge"; }
};
/// Every device of the host.
Outcome<> each_link(Netlink& route, const std::function<void(const Link&)>& visit);
/// Those that are bridges, whoever made them.
Outcome<std::set<std::string>> bridges(Netlink& route);
Outcome<> set_alias(Netlink& route, const std::string& device, const std::string& alias);
/// The devices with an address of global scope.
Outcome<std::set<std::string>> addressed_devices(Netlink& route, bool v6);

}  // namespace lodger::netmode::bridge
