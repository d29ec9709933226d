#include "netmode/policy/rules.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>

#include "netmode/ports/published.hpp"
#include "netmode/record.hpp"

namespace lodger::netmode::policy {
namespace {

/// Neighbours become one.
std::vector<PortRange> merged(std::vector<PortRange> ranges) {
  std::ranges::sort(ranges, {}, &PortRange::first);
  std::vector<PortRange> out;
  for (const auto& range : ranges) {
    if (out.empty() || range.first > out.back().last + 1)
      out.push_back(range);
    else
      out.back().last = std::max(out.back().last, range.last);
  }
  return out;
}

std::unexpected<Failure> unmappable(const Publication& publication, std::string_view why) {
  return refuse(fmt::format("--network host,map: {}: {}", to_text(publication), why), EINVAL);
}

Outcome<Mapping> mapping_of(const Publication& publication) {
  if (publication.protocol == Protocol::sctp)
    return unmappable(publication, "SCTP cannot be mapped: no hook of the kernel sees its bind");
  Mapping mapping{publication.container, publication.host, {}, {}};
  if (publication.host_ip.empty()) return mapping;
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, publication.host_ip.c_str(), &v4) == 1) {
    mapping.v4 = v4;
  } else if (::inet_pton(AF_INET6, publication.host_ip.c_str(), &v6) != 1) {
    return unmappable(publication, "not an address");
  } else if (IN6_IS_ADDR_UNSPECIFIED(&v6)) {
    return unmappable(publication, "a socket cannot be kept to IPv6 from outside: leave the address out");
  } else {
    mapping.v6 = v6;
  }
  return mapping;
}

/// Whatever the addresses: a program tells sockets apart by their ports.
bool always(const Publication&, const Publication&) { return true; }

Outcome<> check_apart(std::span<const Publication> all, ports::Side side, std::string_view why) {
  const auto pair = ports::overlap(all, side, always);
  if (!pair) return {};
  return refuse(
      fmt::format("--network host,map: {} and {}: {}", to_text(*pair->first), to_text(*pair->second), why),
      EINVAL);
}

Outcome<PortMap> port_map(std::span<const Publication> publications) {
  PortMap map;
  for (const auto& publication : publications)
    (publication.protocol == Protocol::udp ? map.udp : map.tcp).push_back(TRY(mapping_of(publication)));
  if (map.tcp.size() + map.udp.size() > most_mappings)
    return refuse(
        fmt::format("--network host,map: {} publications; at most {} can be told apart: publish ranges",
                    map.tcp.size() + map.udp.size(), most_mappings),
        E2BIG);
  TRY(check_apart(publications, &Publication::host,
                  "a port of the host is published twice: one socket cannot be two ports of the container"));
  TRY(check_apart(publications, &Publication::container,
                  "a port of the container is published twice: a socket has one address and one port"));
  for (auto* mappings : {&map.tcp, &map.udp})
    std::ranges::sort(*mappings, {}, [](const Mapping& one) { return one.container.first; });
  return map;
}

}  // namespace

bool is_everything(const std::vector<PortRange>& ranges) {
  return ranges.size() == 1 && ranges[0].first <= 1 && ranges[0].last == 65535;
}

PortSet port_set(const std::vector<Ports>& ports) {
  PortSet set;
  for (const auto& [range, protocol] : ports)
    (protocol == Protocol::udp ? set.udp : set.tcp).push_back(range);
  return {merged(std::move(set.tcp)), merged(std::move(set.udp))};
}

Outcome<Rules> rules_of(const HostOptions& options, std::span<const Publication> publications) {
  Rules rules;
  if (options.map) rules.map = TRY(port_map(publications));
  if (!options.bind) return rules;
  rules.bind = port_set(*options.bind);
  const auto count = rules.bind->tcp.size() + rules.bind->udp.size();
  if (count > most_ranges)
    return refuse(
        fmt::format("--network host,bind: {} ranges of ports that do not touch; at most {} can be "
                    "told apart",
                    count, most_ranges));
  return rules;
}

}  // namespace lodger::netmode::policy
