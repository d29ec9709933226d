// Whether doors are free: each element that stands is held against the doors whose ports it touches, so that
// tens of thousands of both take milliseconds.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "netmode/bridge/client/boxes.hpp"
#include "netmode/bridge/client/sets.hpp"

namespace lodger::netmode::bridge {
namespace {

struct Wanted {
  const Door* door;
  Box box;
  std::uint16_t reach = 0;  // the last port of all up to this one
};

/// Those of a family, by their first port.
std::vector<Wanted> sorted(const std::vector<Door>& doors, bool v6) {
  std::vector<Wanted> out;
  for (const auto& door : doors)
    if (door.v6 == v6) out.push_back({&door, box_of(door)});
  std::ranges::stable_sort(out, {}, [](const Wanted& one) { return one.door->host.first; });
  std::uint16_t reach = 0;
  for (auto& one : out) one.reach = reach = std::max(reach, one.door->host.last);
  return out;
}

std::uint16_t port_in(const Bytes& key, std::size_t address_size) {
  const auto at = address_size + 4;
  return at + 1 < key.size() ? static_cast<std::uint16_t>(key[at] << 8 | key[at + 1]) : 0;
}

/// The first one of the doors, as they were asked for, that the element has; nothing where it has none.
const Door* find_clash(const std::vector<Wanted>& wanted, const Box& box, std::size_t address_size) {
  const Door* found = nullptr;
  const auto first = port_in(box.first, address_size), last = port_in(box.last, address_size);
  auto at =
      std::ranges::upper_bound(wanted, last, {}, [](const Wanted& one) { return one.door->host.first; });
  for (; at != wanted.begin() && std::prev(at)->reach >= first; --at) {
    const auto& one = *std::prev(at);
    if (overlap(one.box, box, address_size) && (!found || one.door < found)) found = one.door;
  }
  return found;
}

}  // namespace

Outcome<> check_free(const Standing& standing, const std::vector<Door>& doors,
                     const std::optional<Target>& own) {
  const Door* taken = nullptr;
  const Element* by = nullptr;
  for (const bool v6 : {false, true}) {
    const auto wanted = sorted(doors, v6);
    if (wanted.empty()) continue;
    for (const bool one_by_one : {false, true})
      for (const auto& element : standing.maps[map_at(v6, one_by_one)]) {
        const auto* door = find_clash(wanted, box_of(element, size_of_address(v6)), size_of_address(v6));
        if (!door || (taken && taken <= door) || (own && leads_to(element, v6, *own))) continue;
        taken = door;
        by = &element;
      }
  }
  if (!taken) return {};
  return refuse(fmt::format("{} is published by container {} already", taken->text(), by->owner), EADDRINUSE);
}

}  // namespace lodger::netmode::bridge
