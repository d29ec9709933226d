// Doors and elements as boxes of keys: address, protocol, port, each part a number that travels.
#pragma once
#include <array>

#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/sets.hpp"

namespace lodger::netmode::bridge {

/// The maps by what they are: door_map(), and their places in Standing::maps.
struct MapKind {
  bool v6, one_by_one;
};
inline constexpr MapKind map_kinds[] = {{false, false}, {false, true}, {true, false}, {true, true}};
constexpr std::size_t map_at(bool v6, bool one_by_one) { return (v6 ? 2U : 0U) + (one_by_one ? 1U : 0U); }
constexpr std::size_t size_of_address(bool v6) { return v6 ? 16 : 4; }

/// The address behind doors of the family.
Bytes address_of(const Network& network, V4 address, bool v6);
/// Every part of a key or of data begins at a multiple of four bytes.
void append_port(Bytes& key, std::uint16_t port);
Bytes key_of(const Door& door, Bytes address, std::uint16_t port);
/// The first and the last address that it is open on.
std::array<Bytes, 2> addresses_of(const Door& door);

struct Box {
  Bytes first, last;
};
Box box_of(const Door& door);
/// In a map without intervals, no address stands for all.
Box box_of(const Element& element, std::size_t address_size);
/// Whether two have a point in common.
bool overlap(const Box& a, const Box& b, std::size_t address_size);

bool leads_to(const Element& element, bool v6, const Target& target);

}  // namespace lodger::netmode::bridge
