// Which sockets hold ports of a network stack, whoever they belong to. The kernel answers for the network
// namespace that the netlink socket was made in. Source: sock_diag(7); include/uapi/linux/inet_diag.h.
#pragma once
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/netlink.hpp"

namespace lodger::kernel::sock_diag {

/// The states of a socket that is bound and neither listens nor connects: told since Linux 6.8, and counted
/// by the kernel as one of TCP's states (include/net/tcp_states.h).
inline constexpr unsigned bound_inactive = 13;
/// What may receive: TCP's and SCTP's listeners, and what is bound and may listen yet.
inline constexpr std::uint32_t listening = 1U << TCP_LISTEN | 1U << bound_inactive;
/// UDP has two states: bound, and bound and connected.
inline constexpr std::uint32_t bound_datagrams = 1U << TCP_CLOSE | 1U << TCP_ESTABLISHED;

struct Socket {
  int family = 0;  // AF_INET, AF_INET6
  unsigned state = 0;
  std::array<std::uint8_t, 16> address{};  // of its own end; IPv4's in the first four bytes
  std::uint16_t port = 0;
  bool v6only = false;       // told of sockets that are not connected
  std::uint32_t uid = 0;     // of whoever made it, as seen from our user namespace
  std::uint32_t inode = 0;   // as /proc/PID/fd has it; 0: no process has it open any more
  std::uint64_t cgroup = 0;  // the id (inode) of the cgroup2 it was made in; 0: not told (before 5.9)
  std::uint64_t cookie = 0;  // no other socket has it while this host runs
};

/// Ports from `first` to `last`.
struct Ports {
  std::uint16_t first = 0, last = 0;
};

struct Query {
  int family = AF_INET;
  int protocol = IPPROTO_TCP;
  std::uint32_t states = listening;
  std::span<const Ports> ports;  // sorted and disjoint; empty: all
};

/// One dump. The kernel leaves out what lies far from the ports, so that many other sockets cost little; what
/// lies between them may come along: the kernel checks a filter in quadratic time, so that it is kept short.
/// Code ENOENT: the kernel has no such sockets, or nothing that would tell of them (inet_diag and its kin).
Outcome<std::vector<Socket>> dump(netlink::Socket& socket, const Query& query, std::string_view doing);

/// At most `most` ranges that cover all of `ports`: those that lie next to each other are taken together.
std::vector<Ports> covering(std::span<const Ports> ports, std::size_t most);

/// INET_DIAG_REQ_BYTECODE for "the own port is one of these": sorted and disjoint, at most 48.
std::vector<inet_diag_bc_op> port_filter(std::span<const Ports> ports);

}  // namespace lodger::kernel::sock_diag
