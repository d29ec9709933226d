#include "netmode/relay/arguments.hpp"

#include <fmt/core.h>

namespace lodger::netmode::relay {
namespace {

/// Before it, `auto` of -t and -T stand in each other's place, but for once at the start, and UDP servers are
/// looked for once alone.
constexpr int followed_since = 20231110;
/// Since then the host's loopback leads to the container's address, unless it is told otherwise.
constexpr int told_loopback_since = 20241024;
/// Since then `auto` is one word among ranges, and without any it leaves out ephemeral ports.
constexpr int ranged_since = 20260101;

std::string text_of(const PortRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

std::string ranges_of(const std::vector<PortRange>& ranges) {
  std::string text;
  for (const auto& range : ranges) text += (text.empty() ? "" : ",") + text_of(range);
  return text;
}

std::vector<PortRange> of(const PortList& list, Protocol protocol) {
  std::vector<PortRange> ranges;
  for (const auto& ports : *list)
    if (ports.protocol == protocol) ranges.push_back(ports.range);
  return ranges;
}

/// What is let through in one direction, of one protocol.
std::string specification(const Program& program, const PortList& list, Protocol protocol) {
  const bool ranged = program.date >= ranged_since;
  if (!list) return ranged ? "1-65535,auto" : "auto";
  const auto ranges = of(list, protocol);
  if (ranges.empty()) return "none";
  return ranges_of(ranges) + (ranged ? ",auto" : "");
}

/// Where one direction is automatic and the other is not, pasta of before 2023-11 lets through what it is not
/// to: it looks on the wrong side, but for once on the right one, when it starts.
Outcome<> check_directions(const Program& program, const Options& options) {
  if (options.ports.has_value() == options.to_host.has_value() || program.date >= followed_since) return {};
  return refuse(
      fmt::format(
          "--network relay: {} ({}) confuses the directions where one is narrowed and the other is "
          "not: name both (ports= and to-host=, each a list or none), or install a passt of 2023-11 or "
          "later",
          program.path, program.version),
      ENOTSUP);
}

}  // namespace

bool follows_udp(const Program& program) { return program.date >= followed_since; }

Outcome<std::vector<std::string>> arguments(const Program& program, const Task& task, const Uplink& uplink) {
  const auto& [ports, to_host] = task.options;
  TRY(check_directions(program, task.options));
  const bool old = program.date < followed_since;
  const auto tcp_in = specification(program, ports, Protocol::tcp),
             tcp_out = specification(program, to_host, Protocol::tcp),
             udp_out = specification(program, to_host, Protocol::udp);
  auto udp_in = specification(program, ports, Protocol::udp);
  if (old && !ports && !task.udp.empty()) udp_in = ranges_of(task.udp);
  std::vector<std::string> argv{"pasta",        "--foreground", "--quiet",    "--runas",         "0:0",
                                "--netns-only", "--netns",      network_file, "--no-netns-quit", "--pid",
                                "/dev/stdout"};
  const auto add = [&](std::initializer_list<std::string> words) { argv.insert(argv.end(), words); };
  add({"--interface", uplink.device, "--mac-addr", "9a:55:9a:55:9a:55", "--ns-ifname", "eth0"});
  add({"--address", address4, "--netmask", netmask4, "--gateway", gateway4});
  add({"--address", address6, "--gateway", gateway6, "--config-net"});
  // Nothing of the host answers on the gateway's address, and nobody in the container asks for addresses; but
  // for the gateway's own on the link, which IPv6 has by NDP (RFC 4861).
  add({"--no-map-gw", "--no-dhcp", "--no-dhcpv6", "--no-ra", "--dns", "none"});
  add({"--tcp-ports", tcp_in, "--udp-ports", udp_in, "--tcp-ns", tcp_out, "--udp-ns", udp_out});
  if (program.date >= told_loopback_since) add({"--host-lo-to-ns-lo"});
  return argv;
}

}  // namespace lodger::netmode::relay
