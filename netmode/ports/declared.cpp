#include "netmode/ports/declared.hpp"

#include <algorithm>
#include <bitset>
#include <memory>

namespace lodger::netmode::ports {
namespace {

constexpr std::size_t all_ports = 65536;
using PortSet = std::bitset<all_ports>;

bool is_one(PortRange range) { return range.first == range.last; }
bool within(std::uint16_t port, PortRange range) { return range.first <= port && port <= range.last; }

bool is_published(const Decision& decision, const Ports& exposed) {
  return std::ranges::any_of(decision.publications, [&](const Publication& publication) {
    return publication.protocol == exposed.protocol && within(exposed.range.first, publication.container) &&
           within(exposed.range.last, publication.container);
  });
}

Wanted on_host(const Publication& publication) {
  Wanted wanted{publication.protocol, publication.host, std::nullopt, false};
  if (!publication.host_ip.empty()) wanted.address = parse_address(publication.host_ip);
  wanted.any_of = is_one(publication.container) && !is_one(publication.host);
  return wanted;
}

bool in_the_way(const Held& held, const Wanted& wanted) {
  return held.protocol == wanted.protocol && within(held.port, wanted.range) &&
         excludes(held.address, wanted.address);
}

/// Those that want a port on all addresses, which is nearly always all of them, are asked by one look into a
/// set, since there may be tens of thousands on both sides.
class Everywhere {
 public:
  explicit Everywhere(const std::vector<Wanted>& wanted) {
    for (const auto& one : wanted)
      if (is_simple(one)) add(one);
  }
  static bool is_simple(const Wanted& wanted) { return !wanted.address && !wanted.any_of; }
  bool has(const Held& held) const {
    const auto& set = sets_[static_cast<std::size_t>(held.protocol)];
    return set && set->test(held.port);
  }

 private:
  void add(const Wanted& wanted) {
    auto& set = sets_[static_cast<std::size_t>(wanted.protocol)];
    if (!set) set = std::make_unique<PortSet>();
    for (unsigned port = wanted.range.first; port <= wanted.range.last; ++port) set->set(port);
  }
  std::array<std::unique_ptr<PortSet>, 3> sets_;
};

/// A range of which one port is enough is in nobody's way until its last one is taken.
bool is_full(const Wanted& wanted, const std::vector<Held>& held) {
  PortSet taken;
  for (const auto& one : held)
    if (in_the_way(one, wanted)) taken.set(one.port);
  return taken.count() == wanted.range.last - wanted.range.first + 1U;
}

}  // namespace

bool is_listed(const Decision& decision) { return decision.relay && decision.relay->ports; }

bool declares_any(const Decision& decision) {
  if (is_listed(decision)) return !decision.relay->ports->empty();
  return !decision.publications.empty() || !decision.exposed.empty();
}

std::vector<Wanted> wanted(const Decision& decision) {
  const bool map = decision.maps_ports();
  std::vector<Wanted> all;
  if (is_listed(decision)) {
    for (const auto& [range, protocol] : *decision.relay->ports)
      all.push_back({protocol, range, std::nullopt, false});
    return all;
  }
  for (const auto& publication : decision.publications) {
    if (!map) all.push_back({publication.protocol, publication.container, std::nullopt, false});
    if (map && publication.host.first != 0) all.push_back(on_host(publication));
  }
  if (!decision.bridge.empty()) return all;     // what is merely exposed is nobody's but the container's
  if (map && decision.publish_all) return all;  // those that are exposed get ports of the host's choice
  for (const auto& exposed : decision.exposed)
    if (!map || !is_published(decision, exposed))
      all.push_back({exposed.protocol, exposed.range, std::nullopt, false});
  return all;
}

std::vector<Held> clashes(const std::vector<Wanted>& wanted, const std::vector<Held>& held) {
  const Everywhere everywhere(wanted);
  std::vector<Wanted> others;
  for (const auto& one : wanted)
    if (!Everywhere::is_simple(one) && (!one.any_of || is_full(one, held))) others.push_back(one);
  std::vector<Held> found;
  std::ranges::copy_if(held, std::back_inserter(found), [&](const Held& one) {
    return everywhere.has(one) ||
           std::ranges::any_of(others, [&](const Wanted& other) { return in_the_way(one, other); });
  });
  return found;
}

}  // namespace lodger::netmode::ports
