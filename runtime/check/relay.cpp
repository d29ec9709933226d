// What --network relay needs of this machine, and for one bundle what it leaves within reach.
#include <fmt/core.h>
#include <string.h>

#include "netmode/relay/arguments.hpp"
#include "netmode/relay/program.hpp"
#include "netmode/relay/uplink.hpp"
#include "runtime/check/check.hpp"
#include "runtime/container/relay_network.hpp"

namespace lodger::check {
namespace {

namespace relay = netmode::relay;

constexpr const char* topic = "relay";

/// What Debian 12's pasta leaves undone: netmode/relay/arguments.cpp.
std::string lacks_of(const relay::Program& program) {
  if (relay::follows_udp(program)) return {};
  std::string lacks =
      "too old for some things: servers of UDP are looked for only once, when it starts, and one "
      "direction alone cannot be narrowed";
  if (!relay::find_uplink().link_local6) lacks += "; no IPv6, since no device here has a link-local address";
  return lacks + ". A passt of 2023-11 or later has no such limits";
}

Finding pasta() {
  const auto program = relay::find_program();
  if (!program) return {topic, "pasta", Verdict::limited, "missing", program.error().text};
  const auto lacks = lacks_of(*program);
  return {topic, "pasta", lacks.empty() ? Verdict::good : Verdict::limited,
          fmt::format("{} ({})", program->path, program->version), lacks};
}

/// tun(4), and passt(1): the relay is at the other end of the container's device.
Finding tun() {
  const auto open = relay::check_tun();
  if (open) return {topic, relay::tun_device, Verdict::good, "can be opened", ""};
  return {topic, relay::tun_device, Verdict::limited, strerrordesc_np(open.error().code),
          "--network relay is refused"};
}

Finding direction(const char* subject, const netmode::PortList& list, const char* all, const char* narrow) {
  if (list) return {"network", subject, Verdict::good, to_text(*list), ""};
  return {"network", subject, Verdict::good, all, narrow};
}

}  // namespace

void look_at_relay(std::vector<Finding>& findings) {
  findings.push_back(pasta());
  findings.push_back(tun());
}

void look_at_relay_network(const container::Source& source, std::vector<Finding>& findings) {
  const auto& options = source.network.relay;
  if (!options) return;
  findings.push_back({"network", "stack", Verdict::good, "its own, with a relay to the host's",
                      "what the host reaches, the container reaches by its address"});
  findings.push_back(direction("ports", options->ports, "all that it listens on are the host's as well",
                               "--network relay,ports=PORTS narrows that"));
  findings.push_back(direction("the host's loopback", options->to_host, "all that listens there is reached",
                               "--network relay,to-host=PORTS narrows that"));
}

}  // namespace lodger::check
