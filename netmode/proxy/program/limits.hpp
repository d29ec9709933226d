// How far the descriptors go. They are divided before the first client comes, so that whoever is let in has
// what it needs to the end: a connection that gets no pipe because others hold them all would stall.
#pragma once
#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "netmode/proxy/protocol.hpp"

namespace lodger::netmode::proxy {

// What the tables hold.
inline constexpr std::uint32_t most_flows = 65'536;
inline constexpr std::uint32_t most_peers = 16'384;
inline constexpr std::uint32_t most_waiting = most_flows / 2;
// Flows that have given way to others keep their number for a moment.
inline constexpr std::uint32_t flow_slots = most_flows + 4'096;

inline constexpr std::uint64_t others = 32;   // stdio, epolls, pidfd, the pipes that wait for their next use
inline constexpr std::uint64_t per_flow = 6;  // two sockets, a pipe for each way
inline constexpr std::uint64_t fewest = 16;   // connections, and UDP clients, without which it is of no use
inline constexpr std::uint64_t desired = 1024;  // connections; the hard limit is raised to that, if it may be

struct Limits {
  std::uint32_t flows = 0, peers = 0;
  std::uint32_t waiting = 0;  // clients who are there before there is a place for them
};

/// One that waits for each two that are served.
constexpr std::uint64_t waiting_beside(std::uint64_t flows) { return flows / 2; }

/// The descriptors for `tcp` and `udp` sockets that are bound, and for clients.
constexpr std::uint64_t descriptors(std::uint64_t tcp, std::uint64_t udp, std::uint64_t clients) {
  return others + tcp + udp + (tcp ? clients * per_flow + waiting_beside(clients) : 0) + (udp ? clients : 0);
}

/// Whether an errno says that the kernel has nothing left for us now.
constexpr bool scarce(int code) {
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM || code == ENOSPC;
}

/// A quarter of what is left goes to UDP, where both are served.
constexpr Limits divide(std::uint64_t limit, std::uint64_t tcp, std::uint64_t udp) {
  const std::uint64_t taken = descriptors(tcp, udp, 0);
  const std::uint64_t left = limit > taken ? limit - taken : 0;
  const std::uint64_t for_peers =
      udp == 0 ? 0 : std::min<std::uint64_t>(most_peers, tcp == 0 ? left : left / 4);
  const std::uint64_t for_flows =
      tcp == 0 ? 0 : std::min<std::uint64_t>(most_flows, (left - for_peers) * 2 / (per_flow * 2 + 1));
  return {static_cast<std::uint32_t>(for_flows), static_cast<std::uint32_t>(for_peers),
          static_cast<std::uint32_t>(waiting_beside(for_flows))};
}

}  // namespace lodger::netmode::proxy
