// What lodger and lodger-proxy say to each other, over the proxy's stdin: a SOCK_SEQPACKET socket, so that a
// message comes whole or not at all. Both are of one build, and each message is one of these structs as it
// lies in memory.
//
//     lodger                                lodger-proxy
//     Rows, as many as it takes ─────────▶  opens a socket for each port
//                                ◀──────── Answer: opened, with the ports that were chosen; or failed
//     Serve, with the pidfd ─────────────▶  serves
//                                ◀──────── Answer: serving; or failed
//     Keep ──────────────────────────────▶  closes its end
//
// An end of file before Keep ends the proxy.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <optional>

#include "netmode/publish.hpp"

namespace lodger::netmode::proxy {

/// The container's addresses. Clients of IPv4 are led to the one, of IPv6 to the other; to the one there is
/// where the other is missing.
struct Target {
  std::optional<in_addr> v4;
  std::optional<in6_addr> v6;
};

/// Which addresses of the host a socket is bound to.
enum class Reach : std::uint8_t { v4, v6, both };

/// One publication. Ports are paired, or, for one port of the container, the first free one of the host's is
/// taken; a host's first port of 0 leaves each to the host.
struct Row {
  Protocol protocol;
  Reach reach;
  PortRange host, container;
  std::uint8_t address[16];  // IPv4's in the first four; not looked at where both are reached
};
/// Whether its host ports are known only once they are open.
constexpr bool leaves_choice(const Row& row) {
  return row.host.first == 0 || (length(row.container) == 1 && length(row.host) > 1);
}

inline constexpr std::uint32_t most_doors = 131'072;  // as many as there are ports, of both protocols

enum class Verb : std::uint8_t { rows, serve, keep };

inline constexpr std::uint32_t rows_at_once = 1024;
struct Rows {
  Verb verb = Verb::rows;
  bool last = false;
  std::uint32_t count = 0;    // of these
  std::uint32_t all_tcp = 0;  // how many sockets all rows of all messages come to
  std::uint32_t all_udp = 0;
  Row rows[rows_at_once];
};

struct Serve {
  Verb verb = Verb::serve;
  std::uint32_t idle_ms = 90'000;  // after which a UDP client is forgotten
  Target target;
};

struct Keep {
  Verb verb = Verb::keep;
};

/// What is said, and for a failure what was being done.
enum class Said : std::uint8_t { opened, serving, nonsense, no_room, not_opened, not_confined, not_serving };

inline constexpr std::uint32_t ports_at_once = 16384;
struct Answer {
  Said said = Said::nonsense;
  char call[23] = {};       // a failure's system call, NUL behind it,
  std::int32_t code = 0;    // and its errno
  std::uint32_t row = 0;    // not_opened: which one, counted over all messages
  std::uint32_t port = 0;   // not_opened: the host's port; no_room: how many descriptors there may be
  std::uint32_t count = 0;  // opened: how many ports follow; behind an answer that is full comes another
  std::uint16_t ports[ports_at_once];
};

}  // namespace lodger::netmode::proxy
