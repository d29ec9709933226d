#include "netmode/port_list.hpp"

#include <fmt/core.h>

#include "netmode/record.hpp"

namespace lodger::netmode {

Outcome<> add_ports(PortList& list, std::string_view where, std::string_view ports,
                    std::string_view no_sctp) {
  const bool first = !list;
  auto& all = first ? list.emplace() : *list;
  const bool had_none = !first && all.empty();
  if (had_none || (ports == "none" && !first))
    return refuse(fmt::format("{}: \"none\" allows no port, so it stands alone", where));
  if (ports == "none") return {};
  if (ports.empty())
    return refuse(fmt::format("{}: no port is named; \"none\" allows no port at all", where));
  for (const auto& range : TRY(parse_ports(ports, where))) {
    if (range.protocol == Protocol::sctp) return refuse(fmt::format("{}: {}", where, no_sctp));
    all.push_back(range);
  }
  return {};
}

std::string to_text(const std::vector<Ports>& list) {
  std::string text;
  for (const auto& ports : list) text += (text.empty() ? "" : ",") + to_text(ports);
  return text.empty() ? "none" : text;
}

}  // namespace lodger::netmode
