// The network that a new one has to fit into: this process's own, as /proc/net shows it. proc_pid_net(5).
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// Where the host's routes lead, but for the default ones, and its own addresses: /proc/net/fib_trie as text,
/// which has all tables, those of policy routing and of VRFs among them. Pure.
std::vector<Subnet> routed(std::string_view tables);
/// The devices' names: /proc/net/dev as text. Pure.
std::set<std::string> device_names(std::string_view table);

Outcome<std::vector<Subnet>> routed_subnets();
Outcome<std::set<std::string>> devices();
/// The device of a network's name: not there, the network's own, or somebody else's.
enum class Whose { nobody, ours, others };
Outcome<Whose> whose_device(const Network& network);
Outcome<bool> is_up(const std::string& device);
/// Whether this network speaks IPv6.
bool has_ipv6();
/// A /64 of RFC 4193: forty random bits make it the only one of its kind.
Outcome<V6> random_prefix();
/// A hardware address for a bridge, locally administered (IEEE 802).
Outcome<Hardware> random_hardware();

}  // namespace lodger::netmode::bridge
