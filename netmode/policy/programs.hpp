// Rules as programs of the kernel, each for one of the moments at which it asks a cgroup about a socket.
// Source: <linux/bpf.h>, "bpf_sock_addr" and "bpf_sock"; __cgroup_bpf_run_filter_sock_addr() of the kernel.
//
// What passes: every bind(2) and, where ports are mapped, every question for an address, of TCP (MPTCP with
// it) and UDP (UDP-Lite with it), in IPv4 and IPv6; a socket that is made in the cgroup, or below, by whoever
// is there. What does not: sockets that were made outside and handed in; the port that the kernel itself
// chooses (bind to port 0, listen or connect without a bind), which is one of the ephemeral range.
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
inline constexpr Hook hooks[] = {
    {BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, "lodger_socket"},
    {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, "lodger_bind4"},
    {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND, "lodger_bind6"},
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
/// For bind4 and bind6, which do not differ in ports.
std::vector<bpf_insn> bind_program(const Rules& rules);

}  // namespace lodger::netmode::policy
