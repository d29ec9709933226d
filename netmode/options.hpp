// What makes host mode safer or stricter than sharing a stack is: the options behind `--network host,`, the
// annotations that say the same where an engine passes no flags, and a variable where it passes neither.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/port_list.hpp"

namespace lodger::netmode {

/// Annotations of this prefix are lodger's: one that it does not know is refused.
inline constexpr std::string_view annotation_prefix = "org.lodger.network.";

struct HostOptions {
  bool require_ports = false;     // a declared port that is taken is an error, not a warning
  bool map = false;               // published ports are mapped, not discarded
  bool private_abstract = false;  // the host's abstract UNIX sockets are out of reach
  PortList bind;                  // the ports that the container may bind

  bool any() const { return require_ports || map || private_abstract || bind; }
};

/// "require-ports,map,private-abstract,bind=80,bind=8000-8100/udp"; "bind=none" allows no port at all.
Outcome<HostOptions> parse_host_options(std::string_view text);

/// What a bundle's annotations ask for.
struct Annotated {
  HostOptions options;
  std::vector<Publication> publish;
  bool publish_all = false;
  bool userland_proxy = false;
  std::string first;  // the name of one of the options' annotations, for messages
  std::string mode;   // a --network value; empty: none
};
/// org.lodger.network.bind ("80,8000-8100/udp", "none"), .publish (a list of --publish values), .map,
/// .require-ports, .private-abstract, .publish-all and .userland-proxy ("true", "false"), .mode (a --network
/// value). Without one of the prefix nothing is looked at.
Outcome<Annotated> parse_annotations(const std::map<std::string, std::string>& annotations);

/// A variable of the container's process: "8080,53/udp" are the ports that it is going to bind, and it is not
/// to be started where one is taken. Swarm and Kubernetes hand on no more than variables by default. An image
/// may bring it as well, so that it must say no more than the image's exposed ports could.
inline constexpr std::string_view require_ports_variable = "LODGER_REQUIRE_PORTS";

/// The ports that it names; none where it is not set. Given twice, all of both.
Outcome<std::vector<Ports>> parse_environment(const std::vector<std::string>& environment);

/// Both together. Refuses a list of ports to bind that is given by both: neither is to widen the other.
Outcome<HostOptions> united(HostOptions flags, const Annotated& annotated);

}  // namespace lodger::netmode
