// The sets and maps of our table, and their elements.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/question.hpp"

namespace lodger::netmode::bridge {

/// ports4, ports6, shifts4, shifts6.
const char* door_map(bool v6, bool shifted);

/// Makes all of them where they are missing.
void make_sets(Batch& transaction);

enum class Elements : bool { added, removed };
/// A network's device and addresses. Adding what is there already changes nothing.
void put_network(Batch& transaction, const Network& network, Elements what);
/// A device of the host in opened4 or opened6, and in `inside` as a network of its own.
void put_opened(Batch& transaction, bool v6, const std::string& device);
/// The names in a set of devices.
Outcome<std::set<std::string>> devices_in(Netlink& netfilter, const char* set);

/// Leads the doors to the container, or takes them away. One that stands in the way of another cannot be
/// added, one that is not there cannot be removed.
void put_doors(Batch& transaction, const std::vector<Door>& doors, const Network& network, V4 address,
               const std::string& owner, Elements what);
/// Removes whatever leads to the address.
Outcome<> sweep(Netlink& netfilter, Batch& transaction, const Network& network, V4 address);

/// The first of the doors that somebody has, and who; nothing where all are free.
struct Taken {
  std::size_t door = 0;
  std::string owner;
};
Outcome<std::optional<Taken>> find_taken(Netlink& netfilter, const std::vector<Door>& doors);

}  // namespace lodger::netmode::bridge
