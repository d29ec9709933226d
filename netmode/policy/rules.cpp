#include "netmode/policy/rules.hpp"

#include <fmt/core.h>

#include <algorithm>

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

}  // namespace

PortSet port_set(const std::vector<Ports>& ports) {
  PortSet set;
  for (const auto& [range, protocol] : ports)
    (protocol == Protocol::udp ? set.udp : set.tcp).push_back(range);
  return {merged(std::move(set.tcp)), merged(std::move(set.udp))};
}

Outcome<Rules> rules_of(const HostOptions& options) {
  Rules rules;
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
