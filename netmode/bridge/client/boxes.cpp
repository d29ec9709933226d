#include "netmode/bridge/client/boxes.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

namespace lodger::netmode::bridge {
namespace {

std::uint8_t number_of(Protocol protocol) {
  return protocol == Protocol::tcp ? IPPROTO_TCP : protocol == Protocol::udp ? IPPROTO_UDP : IPPROTO_SCTP;
}

/// The last key of an element.
Bytes end_of(const Element& element, std::size_t address_size) {
  if (!element.key_end.empty()) return element.key_end;
  auto end = element.key;
  const auto address_end = end.begin() + static_cast<std::ptrdiff_t>(std::min(address_size, end.size()));
  if (std::none_of(end.begin(), address_end, std::identity()))
    std::fill(end.begin(), address_end, std::uint8_t{0xff});
  return end;
}

}  // namespace

Bytes address_of(const Network& network, V4 address, bool v6) {
  if (!v6) return bytes_of(address);
  const auto six = network.v6_of(address).value_or(V6{});
  return Bytes(six.begin(), six.end());
}

void append_port(Bytes& key, std::uint16_t port) {
  key.insert(key.end(), {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port), 0, 0});
}

Bytes key_of(const Door& door, Bytes address, std::uint16_t port) {
  address.insert(address.end(), {number_of(door.protocol), 0, 0, 0});
  append_port(address, port);
  return address;
}

std::array<Bytes, 2> addresses_of(const Door& door) {
  const std::size_t size = door.v6 ? 16 : 4;
  if (door.host_ip.empty()) return {Bytes(size, 0), Bytes(size, 0xff)};
  Bytes one(size);
  ::inet_pton(door.v6 ? AF_INET6 : AF_INET, door.host_ip.c_str(), one.data());  // take_doors() has looked
  return {one, one};
}

Box box_of(const Door& door) {
  const auto [first, last] = addresses_of(door);
  return {key_of(door, first, door.host.first), key_of(door, last, door.host.last)};
}

Box box_of(const Element& element, std::size_t address_size) {
  return {element.key, end_of(element, address_size)};
}

bool overlap(const Box& a, const Box& b, std::size_t address_size) {
  const auto whole = a.first.size();
  if (a.last.size() != whole || b.first.size() != whole || b.last.size() != whole) return false;
  const std::array<std::size_t, 4> cuts{0, address_size, address_size + 4, whole};
  for (std::size_t part = 0; part < 3; ++part) {
    const auto size = cuts[part + 1] - cuts[part], at = cuts[part];
    if (std::memcmp(a.first.data() + at, b.last.data() + at, size) > 0 ||
        std::memcmp(b.first.data() + at, a.last.data() + at, size) > 0)
      return false;
  }
  return true;
}

bool leads_to(const Element& element, bool v6, const Target& target) {
  if (v6 && !target.network.prefix6) return false;
  if (!v6 && !target.owner.empty() && element.owner != comment_of(target.owner)) return false;
  const auto address = address_of(target.network, target.address, v6);
  return element.data.size() >= address.size() &&
         std::equal(address.begin(), address.end(), element.data.begin());
}

}  // namespace lodger::netmode::bridge
