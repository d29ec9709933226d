// Which devices of the host forward for bridge networks alone, beside the sets opened4 and opened6 of the
// table: as the alias of a bridge (ip-link(8)), which stays when somebody flushes the ruleset, and goes with
// the bridge.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "netmode/bridge/client/netlink.hpp"
#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

struct Opened {
  std::set<std::string> v4, v6;

  const std::set<std::string>& of(bool v6_wanted) const { return v6_wanted ? v6 : v4; }
  bool empty() const { return v4.empty() && v6.empty(); }
  void merge(Opened other) {
    v4.merge(other.v4);
    v6.merge(other.v6);
  }
  friend bool operator==(const Opened&, const Opened&) = default;
};

/// "forwards for bridge networks alone: eth0/4 eth0/6", and back; nothing is what anything else says.
/// Devices beyond the 255 characters that an alias may have are left out.
std::string to_alias(const Opened& opened);
Opened opened_from(std::string_view alias);

/// What the host's bridges say together, and how many of them there are.
struct Noted {
  Opened opened;
  std::set<std::string> bridges;
  std::vector<Network> fenced;  // those that are kept apart without a table (fence.hpp)
  bool translated = false;      // one of the others is up, which it is not before the table's rules are
};
Outcome<Noted> noted(Netlink& route);
/// What the table's sets say.
Outcome<Opened> opened_in(Netlink& netfilter);
Outcome<> note(Netlink& route, const std::string& bridge, const Opened& opened);

}  // namespace lodger::netmode::bridge
