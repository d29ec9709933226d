// What a bridge network is: a device of the host and the addresses behind it. Pure.
#pragma once
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/words.hpp"
#include "netmode/bridge/address.hpp"

namespace lodger::netmode::bridge {

struct Network {
  std::string device;  // the bridge: "lodger0"
  /// The bridge's own, and random: a device of the name that has another one belongs to somebody else, to
  /// another state root for one.
  Hardware hardware{};
  Subnet subnet;              // /16 or /24
  std::optional<V6> prefix6;  // a /64 of unique local addresses (RFC 4193); none: without IPv6

  V4 gateway() const { return subnet.first + 1; }
  std::optional<V6> gateway6() const { return v6_of(gateway()); }
  /// The IPv6 address that goes with an IPv4 address: the same place in its subnet.
  std::optional<V6> v6_of(V4 address) const;
  bool has(V4 address) const { return address >= subnet.first && address <= subnet.last(); }
  std::string prefix6_text() const { return prefix6 ? to_text(*prefix6) + "/64" : ""; }
  friend bool operator==(const Network&, const Network&) = default;
};

/// The host's end of a container's pair of devices: "lg0a3d0002". Its name is its address: whoever has the
/// one has the other.
std::string pair_name(V4 address);
std::optional<V4> address_of_pair(std::string_view device);
/// Whether a device has the form of a bridge's name: "lodger" and a number.
bool is_bridge_name(std::string_view device);
/// The container's end has a hardware address made of its own, so that nobody's table of neighbours is wrong
/// when an address is given out again. Locally administered: IEEE 802.
Hardware hardware_address(V4 address);

/// [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 64 characters; the failure says what is wrong with it.
Outcome<> check_name(std::string_view name);

/// A device's name and the subnet that goes with its number. The kernel gives a name to one device alone: of
/// two who choose at the same time, whatever their state roots, the one that makes it has the subnet, too.
struct Site {
  std::string device;
  Subnet subnet;
};
/// The first whose device is not `named`, and whose subnet touches none of `taken`; nothing where there is
/// none.
std::optional<Site> free_site(const std::set<std::string>& named, std::span<const Subnet> taken);

/// The definition as a file, a "name value" a line, and back.
std::string to_file(const Network& network);
Outcome<Network> network_from_file(std::string_view text);
/// As words of a question, and taken off the front of one; nothing where they are not that.
void append(kernel::Words& words, const Network& network);
std::optional<Network> take_network(kernel::Words& words);

}  // namespace lodger::netmode::bridge
