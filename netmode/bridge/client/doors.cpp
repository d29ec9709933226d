// Published ports as elements. A range whose ports stay is one element of a map of intervals. A single port,
// and each of a range that is shifted, since nf_tables has no offset, is one of a map without: a hash table,
// where thousands cost no more to find, to add and to remove than one; the kernel's intervals of several
// fields (net/netfilter/nft_set_pipapo.c) go through all of the others for each that goes.
#include <algorithm>
#include <array>
#include <cstring>

#include "netmode/bridge/client/boxes.hpp"
#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/sets.hpp"
#include "netmode/bridge/client/transaction.hpp"

namespace lodger::netmode::bridge {
namespace {

void append_interval(ElementList& list, const Door& door, const Bytes& target, const std::string& owner) {
  auto box = box_of(door);
  list.add({std::move(box.first), std::move(box.last), target, owner});
}

void append_ports(ElementList& list, const Door& door, const Bytes& target, const std::string& owner) {
  const auto first = addresses_of(door).front();
  auto inner = door.container;
  for (unsigned port = door.host.first; port <= door.host.last; ++port, ++inner) {
    auto data = target;
    append_port(data, inner);
    list.add({key_of(door, first, static_cast<std::uint16_t>(port)), {}, data, owner});
  }
}

}  // namespace

void put_doors(Batch& transaction, const std::vector<Door>& doors, const Target& target,
               const std::string& owner) {
  for (const auto& [v6, one_by_one] : map_kinds) {
    ElementList list(door_map(v6, one_by_one));
    const auto to = address_of(target.network, target.address, v6);
    for (const auto& door : doors)
      if (door.v6 == v6 && door.one_by_one() == one_by_one)
        (one_by_one ? append_ports : append_interval)(list, door, to, owner);
    list.add_to(transaction);
  }
}

Outcome<Standing> read_standing(Netlink& netfilter) {
  Standing standing{TRY(generation(netfilter)), {}};
  for (const auto& [v6, one_by_one] : map_kinds)
    TRY(each_element(netfilter, door_map(v6, one_by_one), [&](const Element& element) {
      standing.maps[map_at(v6, one_by_one)].push_back(element);
    }));
  return standing;
}

bool leads_udp(const Standing& standing, const Target& target) {
  return std::ranges::any_of(map_kinds, [&](const MapKind& kind) {
    return std::ranges::any_of(standing.maps[map_at(kind.v6, kind.one_by_one)], [&](const Element& element) {
      const auto protocol_at = size_of_address(kind.v6);
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
  const auto end = [](std::uint8_t rest) {  // of any protocol and port
    return Bytes{127, rest, rest, rest, rest, 0, 0, 0, rest, rest, 0, 0};
  };
  const Box loopback{end(0), end(0xff)};
  return std::ranges::any_of(std::array{false, true}, [&](bool one_by_one) {
    return std::ranges::any_of(standing.maps[map_at(false, one_by_one)], [&](const Element& element) {
      V4 address = 0;
      if (element.data.size() < sizeof address ||
          !overlap(box_of(element, sizeof address), loopback, sizeof address))
        return false;
      std::memcpy(&address, element.data.data(), sizeof address);
      return network.has(ntohl(address));
    });
  });
}

void sweep(Batch& transaction, const Standing& standing, const Target& target) {
  for (const auto& [v6, one_by_one] : map_kinds) {
    ElementList list(door_map(v6, one_by_one));
    for (const auto& element : standing.maps[map_at(v6, one_by_one)])
      if (leads_to(element, v6, target)) list.add({element.key, element.key_end});
    list.remove_from(transaction);
  }
}

}  // namespace lodger::netmode::bridge
