// A relay: a network stack of the container's own, and one program that carries TCP and UDP between it and
// the host's, both ways. What may pass.
#pragma once
#include "netmode/port_list.hpp"

namespace lodger::netmode::relay {

struct Options {
  PortList ports;    // of the container, let in from the host; not set: whatever it listens on
  PortList to_host;  // of the host's loopback, let out; not set: whatever the host listens on
};

/// "ports=8000,ports=9000-9010/udp,to-host=5432"; "ports=none" and "to-host=none" shut a direction.
Outcome<Options> parse_options(std::string_view text);

}  // namespace lodger::netmode::relay
