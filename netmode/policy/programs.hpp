// Rules as programs of the kernel, each for one of the moments at which it asks a cgroup about a socket.
// Source: <linux/bpf.h>, "bpf_sock_addr", "bpf_sock" and "__sk_buff"; __cgroup_bpf_run_filter_sock_addr() and
// __cgroup_bpf_run_filter_skb() of the kernel.
//
// What passes: every bind(2) and, where ports are mapped, every connect(2), sendmsg(2) without a connection
// and question for an address, of TCP (MPTCP with it) and UDP (UDP-Lite with it), in IPv4 and IPv6; of a
// socket that is made in the cgroup, or below, by whoever is there. What does not: sockets that were made
// outside and handed in; the port that the kernel itself chooses (bind to port 0, listen or connect without a
// bind), which is one of the ephemeral range; connects of MPTCP.
//
// With a map the container lives in numbers of its own: what it binds is turned into the host's, what it asks
// for is turned back. A number that is the host's side of a mapping, and no container's side of another, it
// cannot bind: the socket would be taken for the mapped one. On the loopback it finds its own servers under
// its own numbers, wherever they are published.
#pragma once
#include <linux/bpf.h>

#include <vector>

#include "netmode/policy/rules.hpp"

namespace lodger::netmode::policy {

struct Hook {
  bpf_prog_type type;
  bpf_attach_type where;
  const char* name;  // by which we know our own program again
};
/// Every hook that rules may need.
inline constexpr Hook socket_hook = {BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, "lodger_socket"};
constexpr Hook address_hook(bpf_attach_type where, const char* name) {
  return {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, where, name};
}
constexpr Hook packet_hook(bpf_attach_type where, const char* name) {
  return {BPF_PROG_TYPE_CGROUP_SKB, where, name};
}
inline constexpr Hook hooks[] = {
    socket_hook,
    address_hook(BPF_CGROUP_INET4_BIND, "lodger_bind4"),
    address_hook(BPF_CGROUP_INET6_BIND, "lodger_bind6"),
    address_hook(BPF_CGROUP_INET4_CONNECT, "lodger_conn4"),
    address_hook(BPF_CGROUP_INET6_CONNECT, "lodger_conn6"),
    address_hook(BPF_CGROUP_UDP4_SENDMSG, "lodger_send4"),
    address_hook(BPF_CGROUP_UDP6_SENDMSG, "lodger_send6"),
    address_hook(BPF_CGROUP_UDP4_RECVMSG, "lodger_recv4"),
    address_hook(BPF_CGROUP_UDP6_RECVMSG, "lodger_recv6"),
    address_hook(BPF_CGROUP_INET4_GETPEERNAME, "lodger_peer4"),
    address_hook(BPF_CGROUP_INET6_GETPEERNAME, "lodger_peer6"),
    address_hook(BPF_CGROUP_INET4_GETSOCKNAME, "lodger_name4"),
    address_hook(BPF_CGROUP_INET6_GETSOCKNAME, "lodger_name6"),
    packet_hook(BPF_CGROUP_INET_INGRESS, "lodger_in"),
    packet_hook(BPF_CGROUP_INET_EGRESS, "lodger_out"),
};

struct Program {
  Hook hook;
  std::vector<bpf_insn> instructions;
};
/// Pure. No rules: no programs.
std::vector<Program> programs(const Rules& rules);

/// For sock_create: no socket that has ports and whose bind no program sees (SCTP, DCCP). Raw sockets are a
/// matter of CAP_NET_RAW.
std::vector<bpf_insn> socket_program();
/// For bind4 and bind6.
std::vector<bpf_insn> bind_program(const Rules& rules, bool v6);
/// For connect and sendmsg: to the container's own server, where it is on the host. `unconnected`: sendmsg6,
/// which cannot be turned to IPv4 (udpv6_sendmsg() of the kernel, ENOTSUPP).
std::vector<bpf_insn> outward_program(const PortMap& map, bool v6, bool unconnected = false);
/// For getpeername and recvmsg: the same backwards.
std::vector<bpf_insn> inward_program(const PortMap& map, bool v6);
/// For getsockname: the port, by the container's number.
std::vector<bpf_insn> name_program(const PortMap& map);
/// For packets, in and out: those to a group (multicast) or to everybody (broadcast) do not pass.
std::vector<bpf_insn> unicast_program();

}  // namespace lodger::netmode::policy
