// Published and exposed ports in Docker's syntax.
// Source: Docker's documentation of `docker run --publish`; image-spec, "ExposedPorts".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::netmode {

enum class Protocol : unsigned char { tcp, udp, sctp };

struct PortRange {
  std::uint16_t first = 0, last = 0;
};

/// One --publish value: [ip:]hostPort[-range]:containerPort[-range][/protocol].
struct Publication {
  std::string host_ip;  // empty: all addresses; IPv6 without its brackets
  PortRange host;       // {0, 0}: an ephemeral port of the host's choice
  PortRange container;
  Protocol protocol = Protocol::tcp;
};
Outcome<Publication> parse_publish(std::string_view text);

/// One exposed port or range: "80", "80/tcp", "8000-8010/udp".
struct Exposed {
  PortRange ports;
  Protocol protocol = Protocol::tcp;
};
/// The value of the org.opencontainers.image.exposedPorts annotation: a comma-separated list.
Outcome<std::vector<Exposed>> parse_exposed(std::string_view text);

}  // namespace lodger::netmode
