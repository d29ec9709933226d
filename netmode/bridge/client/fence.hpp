// What keeps a network apart on a kernel without nf_tables: rules of policy routing (ip-rule(8)), behind the
// local table, which leads to the host itself, and before all others:
//
//     60: iif lo to SUBNET lookup main    the host, and with it a proxy, reaches the containers
//     61: to SUBNET prohibit              nobody whom it forwards for does
//     61: iif DEVICE prohibit             containers reach the host, and nobody by way of it
//
// Frames between containers of one network are not routed. A bridge that is kept apart in this way has it
// in its alias (ip-link(8)), for whoever makes a table later.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// Before the device is up. Gives what there is to tell of it, a line each.
Outcome<std::vector<std::string>> put_fence(Netlink& route, const Network& network);
/// Behind the table's rules, which keep it apart from here on. `device`: whether it is the network's own, so
/// that the rules that name it or its IPv4 subnet are, too.
Outcome<> take_fence(Netlink& route, const Network& network, bool device = true);

/// The alias of a network that is kept apart in this way, and back; nothing is what anything else says.
std::string fence_alias(const Network& network);
std::optional<Network> fenced_from(std::string_view device, std::string_view alias);

}  // namespace lodger::netmode::bridge
