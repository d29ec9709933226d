// The sets and maps of our table, and their elements.
#pragma once
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/question.hpp"

namespace lodger::netmode::bridge {

/// ranges4, ranges6, singles4, singles6.
const char* door_map(bool v6, bool one_by_one);

/// Makes all of them where they are missing.
void make_sets(Batch& transaction);

enum class Elements : bool { added, removed };
/// A network's device and addresses. Adding what is there already changes nothing.
void put_network(Batch& transaction, const Network& network, Elements what);
/// Its device alone.
void put_bridge(Batch& transaction, const std::string& device, Elements what);
/// A device of the host in opened4 or opened6.
void put_opened(Batch& transaction, bool v6, const std::string& device, Elements what);
/// A bridge of the host in `inside`, as a network of its own: its own frames come by where br_netfilter hands
/// them to the rules. Any other device is to send nothing back that came by it.
void put_inside(Batch& transaction, const std::string& device, Elements what);
/// The names in a set of devices.
Outcome<std::set<std::string>> devices_in(Netlink& netfilter, const char* set);

/// A place in a network that doors lead to.
struct Target {
  const Network& network;
  V4 address;
  /// Not empty: another network has the IPv4 address as well, and of the doors that lead there those of this
  /// container alone are meant. The IPv6 address is nobody else's, its prefix being random.
  std::string owner = {};
};
/// Leads the doors there. One that stands in the way of another cannot be added.
void put_doors(Batch& transaction, const std::vector<Door>& doors, const Target& target,
               const std::string& owner);

/// All doors as they stood at one generation of nf_tables (transaction.hpp); one that has passed meanwhile
/// is noticed when they are changed.
struct Standing {
  std::uint32_t generation = 0;
  std::array<std::vector<Element>, 4> maps;  // of doors.cpp
};
Outcome<Standing> read_standing(Netlink& netfilter);

/// Whether a door for UDP leads there.
bool leads_udp(const Standing& standing, const Target& target);
/// Whether it is open on the host's loopback, 127.0.0.0/8.
bool is_open_on_loopback(const Door& door);
/// Whether a door that is, leads into the network.
bool leads_from_loopback(const Standing& standing, const Network& network);
/// Removes whatever leads there.
void sweep(Batch& transaction, const Standing& standing, const Target& target);
/// Fails with EADDRINUSE and the owner's name where somebody has one of the doors. Those that lead to `own`
/// are not counted.
Outcome<> check_free(const Standing& standing, const std::vector<Door>& doors,
                     const std::optional<Target>& own = std::nullopt);

}  // namespace lodger::netmode::bridge
