// Names in a container of a bridge network: its /etc/hosts and /etc/resolv.conf. Pure. hosts(5),
// resolv.conf(5).
#pragma once
#include <string>
#include <string_view>

#include "netmode/bridge/network.hpp"

namespace lodger::netmode::bridge {

/// localhost, and the container's addresses under its own name, if it has one.
std::string hosts_text(const Network& network, V4 address, std::string_view hostname);

/// The host's resolver file without the name servers of the host's loopback, where a container's own loopback
/// has none.
struct Resolver {
  std::string text;
  bool has_server = false;
};
Resolver resolver_text(std::string_view host_file);

}  // namespace lodger::netmode::bridge
