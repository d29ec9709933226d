#include "netmode/bridge/client/opened.hpp"

#include "netmode/bridge/client/fence.hpp"
#include "netmode/bridge/client/links.hpp"
#include "netmode/bridge/client/sets.hpp"
#include "netmode/bridge/surroundings.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::bridge {
namespace {

constexpr std::string_view beginning = "forwards for bridge networks alone:";
constexpr std::size_t longest = 255;  // IFALIASZ - 1

}  // namespace

std::string to_alias(const Opened& opened) {
  std::string out;
  for (const bool v6 : {false, true})
    for (const auto& device : opened.of(v6)) {
      const auto word = " " + device + (v6 ? "/6" : "/4");
      if (beginning.size() + out.size() + word.size() <= longest) out += word;
    }
  return out.empty() ? "" : std::string(beginning) + out;
}

Opened opened_from(std::string_view alias) {
  Opened out;
  if (!alias.starts_with(beginning)) return out;
  alias.remove_prefix(beginning.size());
  while (!alias.empty()) {
    const auto word = spec::cut(alias, ' ');
    if (word.ends_with("/4")) out.v4.emplace(word.substr(0, word.size() - 2));
    if (word.ends_with("/6")) out.v6.emplace(word.substr(0, word.size() - 2));
  }
  return out;
}

Outcome<Noted> noted(Netlink& route) {
  Noted out;
  TRY(each_link(route, [&](const Link& link) {
    if (!link.is_bridge() || !is_bridge_name(link.name)) return;
    out.bridges.emplace(link.name);
    out.opened.merge(opened_from(link.alias));
    auto fenced = fenced_from(link.name, link.alias);
    out.translated |= link.up && !fenced;
    if (fenced) out.fenced.push_back(std::move(*fenced));
  }));
  return out;
}

Outcome<Opened> opened_in(Netlink& netfilter) {
  Opened out;
  out.v4 = TRY(devices_in(netfilter, "opened4"));
  out.v6 = TRY(devices_in(netfilter, "opened6"));
  return out;
}

Outcome<> note(Netlink& route, const std::string& bridge, const Opened& opened) {
  return set_alias(route, bridge, to_alias(opened));
}

}  // namespace lodger::netmode::bridge
