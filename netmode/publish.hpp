// Published and exposed ports in Docker's syntax.
// Source: Docker's documentation of `docker run --publish`; image-spec, "ExposedPorts".
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::netmode {

enum class Protocol : unsigned char { tcp, udp, sctp };
constexpr std::string_view name_of(Protocol protocol) {
  return protocol == Protocol::tcp ? "tcp" : protocol == Protocol::udp ? "udp" : "sctp";
}

struct PortRange {
  std::uint16_t first = 0, last = 0;
  auto operator<=>(const PortRange&) const = default;
};
constexpr std::uint32_t length(PortRange range) { return range.last - range.first + 1U; }

/// One --publish value: [ip:]hostPort[-range]:containerPort[-range][/protocol].
struct Publication {
  std::string host_ip;  // empty: all addresses; as inet_ntop(3) spells it, so that equal ones are equal texts
  PortRange host;       // {0, 0}: an ephemeral port of the host's choice
  PortRange container;
  Protocol protocol = Protocol::tcp;
  auto operator<=>(const Publication&) const = default;
};
/// Whether its host ports are yet to be chosen: any of the host's, or one of several for one of the
/// container.
constexpr bool leaves_choice(const Publication& one) {
  return one.host.first == 0 || length(one.host) != length(one.container);
}
/// `where` begins the error text: the option or annotation that has the value.
Outcome<Publication> parse_publish(std::string_view text, std::string_view where = "--publish");

/// A port or range of one protocol: "80", "80/tcp", "8000-8010/udp".
struct Ports {
  PortRange range;
  Protocol protocol = Protocol::tcp;
};
/// A comma-separated list of them, as image-spec's "org.opencontainers.image.exposedPorts" has it.
Outcome<std::vector<Ports>> parse_ports(std::string_view text, std::string_view where);

}  // namespace lodger::netmode
