// Published ports as elements: one for a range whose ports stay, one a port for a range that is shifted,
// since nf_tables has no offset.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/sets.hpp"

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
  if (!door.shifted()) {
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

/// In a map without intervals, no address stands for all.
Element with_all_addresses(Element element, std::size_t address_size) {
  const auto end = element.key.begin() + static_cast<std::ptrdiff_t>(address_size);
  if (!element.key_end.empty() || std::any_of(element.key.begin(), end, std::identity())) return element;
  element.key_end = element.key;
  std::fill_n(element.key_end.begin(), address_size, std::uint8_t{0xff});
  return element;
}

/// Whether two boxes of keys have a point in common: part by part, each as a number that travels.
bool overlaps(const Element& element, const Bytes& first, const Bytes& last, std::size_t address_size) {
  const auto& end = element.key_end.empty() ? element.key : element.key_end;
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

}  // namespace

void put_doors(Batch& transaction, const std::vector<Door>& doors, const Network& network, V4 address,
               const std::string& owner, Elements what) {
  for (const bool v6 : {false, true})
    for (const bool shifted : {false, true}) {
      ElementList list(door_map(v6, shifted));
      for (const auto& door : doors)
        if (door.v6 == v6 && door.shifted() == shifted)
          append(list, door, address_of(network, address, v6), owner);
      if (what == Elements::added)
        list.add_to(transaction);
      else
        list.remove_from(transaction);
    }
}

Outcome<> sweep(Netlink& netfilter, Batch& transaction, const Network& network, V4 address) {
  for (const bool v6 : {false, true}) {
    if (v6 && !network.prefix6) continue;
    const auto target = address_of(network, address, v6);
    for (const bool shifted : {false, true}) {
      ElementList list(door_map(v6, shifted));
      TRY(each_element(netfilter, door_map(v6, shifted), [&](const Element& element) {
        if (element.data.size() >= target.size() &&
            std::equal(target.begin(), target.end(), element.data.begin()))
          list.add({element.key, element.key_end});
      }));
      list.remove_from(transaction);
    }
  }
  return {};
}

Outcome<std::optional<Taken>> find_taken(Netlink& netfilter, const std::vector<Door>& doors) {
  std::optional<Taken> taken;
  for (const bool v6 : {false, true}) {
    if (std::ranges::find(doors, v6, &Door::v6) == doors.end()) continue;
    for (const bool shifted : {false, true})
      TRY(each_element(netfilter, door_map(v6, shifted), [&](const Element& found) {
        const auto element = with_all_addresses(found, v6 ? 16 : 4);
        for (std::size_t i = 0; i < (taken ? taken->door : doors.size()); ++i) {
          const auto& door = doors[i];
          const auto [first, last] = addresses_of(door);
          if (door.v6 == v6 && overlaps(element, key_of(door, first, door.host.first),
                                        key_of(door, last, door.host.last), v6 ? 16 : 4))
            taken = Taken{i, element.owner};
        }
      }));
  }
  return taken;
}

}  // namespace lodger::netmode::bridge
