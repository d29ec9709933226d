#include "netmode/ports/published.hpp"

#include <fmt/core.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "netmode/ports/address.hpp"
#include "netmode/ports/bound.hpp"
#include "netmode/record.hpp"

namespace lodger::netmode::ports {
namespace {

/// On one address of the host at least.
bool meet_on_host(const Publication& a, const Publication& b) {
  if (leaves_choice(a) || leaves_choice(b)) return false;
  auto first = parse_address(a.host_ip);
  if (!first) return true;
  first->v6only = true;  // "[::]" is IPv6's alone
  return excludes(*first, parse_address(b.host_ip));
}

Outcome<> check_apart(std::span<const Publication> all, std::string_view where) {
  const auto pair = overlap(all, &Publication::host, meet_on_host);
  if (!pair) return {};
  return refuse(fmt::format("{}: {} and {}: a port of the host is published twice", where,
                            to_text(*pair->first), to_text(*pair->second)),
                EINVAL);
}

bool is_link_local(const Address& address) {
  in6_addr six;
  std::memcpy(&six, address.bytes.data(), sizeof six);
  return address.v6 && IN6_IS_ADDR_LINKLOCAL(&six);
}

/// Asked as a server asks, so that it is the kernel that judges: net.ipv4.ip_nonlocal_bind allows addresses
/// that are to come (ip(7)).
Outcome<> check_address(const Publication& one, std::string_view where) {
  const auto doing = [&] { return fmt::format("{}: {}", where, to_text(one)); };
  const auto address = parse_address(one.host_ip);
  if (address && is_link_local(*address))
    return refuse(fmt::format("{}: an address like {} is on every link, and nothing says here which one is "
                              "meant: publish on another of the host's addresses",
                              doing(), one.host_ip),
                  EINVAL);
  const auto bound = bind(one.protocol, one.host_ip, 0);
  if (bound) return {};
  if (bound.error().code == EADDRNOTAVAIL)
    return refuse(fmt::format("{}: this host does not have the address {}: publish on one that it has (ip "
                              "address), or, for one that is yet to come, set net.{}.ip_nonlocal_bind",
                              doing(), one.host_ip, address && address->v6 ? "ipv6" : "ipv4"),
                  EADDRNOTAVAIL);
  return std::unexpected(explain(doing(), bound.error()));
}

}  // namespace

std::optional<std::pair<const Publication*, const Publication*>> overlap(std::span<const Publication> all,
                                                                         Side side, Meeting meet) {
  std::vector<const Publication*> sorted;
  for (const auto& one : all) sorted.push_back(&one);
  std::ranges::sort(sorted, {},
                    [&](const auto* one) { return std::pair(one->protocol, (one->*side).first); });
  for (auto one = sorted.begin(); one != sorted.end(); ++one)
    for (auto next = one + 1; next != sorted.end(); ++next) {
      if ((*next)->protocol != (*one)->protocol || ((*next)->*side).first > ((*one)->*side).last) break;
      if (meet(**one, **next)) return std::pair(std::min(*one, *next), std::max(*one, *next));
    }
  return std::nullopt;
}

Outcome<> check_published(const Decision& decision) {
  if (!decision.maps_ports()) return {};
  const std::string_view where = decision.bridge.empty() ? "--network host,map" : "--publish";
  TRY(check_apart(decision.publications, where));
  std::set<std::string_view> seen;
  for (const auto& one : decision.publications)
    if (!one.host_ip.empty() && seen.insert(one.host_ip).second) TRY(check_address(one, where));
  return {};
}

}  // namespace lodger::netmode::ports
