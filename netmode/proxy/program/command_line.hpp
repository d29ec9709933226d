// The proxy by hand: for measurements, and to try what it does.
#pragma once
#include <span>
#include <string_view>

#include "netmode/proxy/protocol.hpp"

namespace lodger::netmode::proxy {

inline constexpr const char* usage =
    "usage: lodger-proxy --to ADDRESS [--to ADDRESS] [--idle-ms N] [--until PID] PORTS...\n"
    "\n"
    "Carries TCP and UDP from ports of this network namespace to the same or other ports of ADDRESS, of "
    "which there\n"
    "may be one of IPv4 and one of IPv6, until SIGTERM, SIGINT, or the end of process PID. PORTS is\n"
    "PROTOCOL,HOST,HOSTPORT[-LAST],PORT[-LAST]:\n"
    "\n"
    "  lodger-proxy --to 10.0.0.2 tcp,127.0.0.1,8080,80 udp,::1,53,53 tcp,*,9000-9099,9000-9099\n"
    "\n"
    "*: every address of the host. \"ready\" on stdout: all ports are open. --idle-ms: how long a UDP client "
    "may be\n"
    "silent before it is forgotten, 90000 by default. lodger starts the program without arguments and speaks "
    "to it\n"
    "over its stdin.\n";

struct CommandLine {
  Rows rows;
  Serve serve;
  int until = 0;  // a pid; 0: none
};

/// Into `out`; what is wrong, or nothing.
const char* read_command_line(std::span<const char* const> words, CommandLine& out);

}  // namespace lodger::netmode::proxy
