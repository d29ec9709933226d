// Published ports as elements. A range whose ports stay is one element of a map of intervals. A single port,
// and each of a range that is shifted, since nf_tables has no offset, is one of a map without: a hash table,
// where thousands cost no more to find, to add and to remove than one; the kernel's intervals of several
// fields (net/netfilter/nft_set_pipapo.c) go through all of the others for each that goes.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/sets.hpp"
#include "netmode/bridge/client/transaction.hpp"

namespace lodger::netmode::bridge {
namespace {

std::uint8_t number_of(Protocol protocol) {
  return protocol == Protocol::tcp ? IPPROTO_TCP : protocol == Protocol::udp ? IPPROTO_UDP : IPPROTO_SCTP;
}

Bytes address_of(const Network& network, V4 address, bool v6) {
  if (!v6) return bytes_of(address);
  const auto six = network.v6_of(address).value_or(V6{});
  return Bytes(six.begin(), six.end());
}

/// Every part of a key or of data begins at a multiple of four bytes.
void append_port(Bytes& key, std::uint16_t port) {
  key.insert(key.end(), {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port), 0, 0});
}

Bytes key_of(const Door& door, Bytes address, std::uint16_t port) {
  address.insert(address.end(), {number_of(door.protocol), 0, 0, 0});
  append_port(address, port);
  return address;
}

/// The first and the last address that it is open on.
std::array<Bytes, 2> addresses_of(const Door& door) {
  const std::size_t size = door.v6 ? 16 : 4;
  if (door.host_ip.empty()) return {Bytes(size, 0), Bytes(size, 0xff)};
  Bytes one(size);
  ::inet_pton(door.v6 ? AF_INET6 : AF_INET, door.host_ip.c_str(), one.data());  // take_doors() has looked
  return {one, one};
}

void append(ElementList& list, const Door& door, const Bytes& target, const std::string& owner) {
  const auto [first, last] = addresses_of(door);
  if (!door.one_by_one()) {
    list.add({key_of(door, first, door.host.first), key_of(door, last, door.host.last), target, owner});
    return;
  }
  auto inner = door.container;  // its map has no intervals
  for (unsigned port = door.host.first; port <= door.host.last; ++port, ++inner) {
    const auto number = static_cast<std::uint16_t>(port);
    auto data = target;
    append_port(data, inner);
    list.add({key_of(door, first, number), {}, data, owner});
  }
}

/// The last key of an element. In a map without intervals, no address stands for all.
Bytes end_of(const Element& element, std::size_t address_size) {
  if (!element.key_end.empty()) return element.key_end;
  auto end = element.key;
  const auto address_end = end.begin() + static_cast<std::ptrdiff_t>(std::min(address_size, end.size()));
  if (std::none_of(end.begin(), address_end, std::identity()))
    std::fill(end.begin(), address_end, std::uint8_t{0xff});
  return end;
}

/// Whether two boxes of keys have a point in common: part by part, each as a number that travels.
bool overlaps(const Element& element, const Bytes& first, const Bytes& last, std::size_t address_size) {
  const auto end = end_of(element, address_size);
  if (element.key.size() != first.size() || end.size() != first.size()) return false;
  const std::array<std::size_t, 4> cuts{0, address_size, address_size + 4, first.size()};
  for (std::size_t part = 0; part < 3; ++part) {
    const auto size = cuts[part + 1] - cuts[part], at = cuts[part];
    if (std::memcmp(element.key.data() + at, last.data() + at, size) > 0 ||
        std::memcmp(first.data() + at, end.data() + at, size) > 0)
      return false;
  }
  return true;
}

/// Maps by what they are: door_map(), and their places in Standing::maps.
struct MapKind {
  bool v6, one_by_one;
};
constexpr MapKind kinds[] = {{false, false}, {false, true}, {true, false}, {true, true}};
std::size_t map_at(bool v6, bool one_by_one) { return (v6 ? 2U : 0U) + (one_by_one ? 1U : 0U); }

bool leads_to(const Element& element, bool v6, const Target& target) {
  if (v6 && !target.network.prefix6) return false;
  if (!v6 && !target.owner.empty() && element.owner != comment_of(target.owner)) return false;
  const auto address = address_of(target.network, target.address, v6);
  return element.data.size() >= address.size() &&
         std::equal(address.begin(), address.end(), element.data.begin());
}

}  // namespace

void put_doors(Batch& transaction, const std::vector<Door>& doors, const Target& target,
               const std::string& owner) {
  for (const auto& [v6, one_by_one] : kinds) {
    ElementList list(door_map(v6, one_by_one));
    for (const auto& door : doors)
      if (door.v6 == v6 && door.one_by_one() == one_by_one)
        append(list, door, address_of(target.network, target.address, v6), owner);
    list.add_to(transaction);
  }
}

Outcome<Standing> read_standing(Netlink& netfilter) {
  Standing standing{TRY(generation(netfilter)), {}};
  for (const auto& [v6, one_by_one] : kinds)
    TRY(each_element(netfilter, door_map(v6, one_by_one), [&](const Element& element) {
      standing.maps[map_at(v6, one_by_one)].push_back(element);
    }));
  return standing;
}

bool leads_udp(const Standing& standing, const Target& target) {
  return std::ranges::any_of(kinds, [&](const MapKind& kind) {
    return std::ranges::any_of(standing.maps[map_at(kind.v6, kind.one_by_one)], [&](const Element& element) {
      const std::size_t protocol_at = kind.v6 ? 16 : 4;
      return element.key.size() > protocol_at && element.key[protocol_at] == IPPROTO_UDP &&
             leads_to(element, kind.v6, target);
    });
  });
}

bool is_open_on_loopback(const Door& door) {
  constexpr std::uint8_t loopback = 127;
  const auto [first, last] = addresses_of(door);
  return !door.v6 && first.front() <= loopback && loopback <= last.front();
}

bool leads_from_loopback(const Standing& standing, const Network& network) {
  const auto loopback = [](std::uint8_t rest) {  // of any protocol and port
    return Bytes{127, rest, rest, rest, rest, 0, 0, 0, rest, rest, 0, 0};
  };
  const auto first = loopback(0), last = loopback(0xff);
  return std::ranges::any_of(std::array{false, true}, [&](bool one_by_one) {
    return std::ranges::any_of(standing.maps[map_at(false, one_by_one)], [&](const Element& element) {
      V4 address = 0;
      if (element.data.size() < sizeof address || !overlaps(element, first, last, sizeof address))
        return false;
      std::memcpy(&address, element.data.data(), sizeof address);
      return network.has(ntohl(address));
    });
  });
}

void sweep(Batch& transaction, const Standing& standing, const Target& target) {
  for (const auto& [v6, one_by_one] : kinds) {
    ElementList list(door_map(v6, one_by_one));
    for (const auto& element : standing.maps[map_at(v6, one_by_one)])
      if (leads_to(element, v6, target)) list.add({element.key, element.key_end});
    list.remove_from(transaction);
  }
}

Outcome<> check_free(const Standing& standing, const std::vector<Door>& doors,
                     const std::optional<Target>& own) {
  for (const auto& door : doors) {
    const auto [first, last] = addresses_of(door);
    const auto from = key_of(door, first, door.host.first), to = key_of(door, last, door.host.last);
    for (const bool one_by_one : {false, true})
      for (const auto& element : standing.maps[map_at(door.v6, one_by_one)])
        if (overlaps(element, from, to, door.v6 ? 16 : 4) && !(own && leads_to(element, door.v6, *own)))
          return refuse(fmt::format("{} is published by container {} already", door.text(), element.owner),
                        EADDRINUSE);
  }
  return {};
}

}  // namespace lodger::netmode::bridge
