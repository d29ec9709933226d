// What the programs about addresses are made of. Each begins with begin(); then the protocol is told apart,
// and the port is searched for by halves.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "kernel/bpf_assembler.hpp"
#include "netmode/policy/rules.hpp"

namespace lodger::netmode::policy {

using kernel::bpf::Assembler;
using kernel::bpf::Register;
using Label = Assembler::Label;

/// What stands in which register: the port in the machine's order, words of an address in the network's.
inline constexpr Register protocol_register = 2, port_register = 3, words[] = {4, 5, 6, 7}, spare = 8;

// As the kernel shows them in a socket. MPTCP is not in every C library's headers.
inline constexpr int tcp_kinds[] = {IPPROTO_TCP, 262 /* MPTCP */},
                     udp_kinds[] = {IPPROTO_UDP, IPPROTO_UDPLITE};

/// Loads protocol and port.
void begin(Assembler& out);
void go_if_any(Assembler& out, std::span<const int> kinds, Label to);
/// Places the label, if anybody goes there, and ends the program with the answer.
void place_answer(Assembler& out, Label label, std::int32_t answer);

/// Adds `by` to the port, which is written back.
void shift_port(Assembler& out, int by);

/// The address of bpf_sock_addr, a word of it: user_ip4, or user_ip6[i].
constexpr std::size_t ip4_field = offsetof(bpf_sock_addr, user_ip4);
constexpr std::size_t ip6_field(std::size_t i) { return offsetof(bpf_sock_addr, user_ip6) + 4 * i; }
void load_ip4(Assembler& out);
void load_ip6(Assembler& out);
void write_ip4(Assembler& out, in_addr address);
void write_ip6(Assembler& out, const in6_addr& address);
in6_addr v4_mapped(in_addr address);
/// To `no`, unless the words are this very address.
void need_ip6(Assembler& out, const in6_addr& address, Label no);

/// To `no`, unless the address in words[0] (IPv4), or in all of them (IPv6, v4-mapped as well), is of the
/// loopback. `or_any`: or none, which a connect takes for the loopback.
void need_loopback4(Assembler& out, Register word, bool or_any, Label no);
void need_loopback6(Assembler& out, bool or_any, Label no);

/// By halves: as many comparisons as the number of ranges has bits. `range_of` gives the range of an element,
/// `found` what comes then; it must not go on behind.
template <class T, class RangeOf, class Found>
void search(Assembler& out, std::span<const T> sorted, RangeOf range_of, Found found, Label miss) {
  if (sorted.empty()) return out.go(miss);
  if (sorted.size() == 1) {
    const PortRange range = range_of(sorted[0]);
    out.go_if(BPF_JLT, port_register, range.first, miss);
    out.go_if(BPF_JGT, port_register, range.last, miss);
    return found(sorted[0]);
  }
  const auto half = sorted.size() / 2;
  const Label upper = out.label();
  out.go_if(BPF_JGE, port_register, range_of(sorted[half]).first, upper);
  search(out, sorted.first(half), range_of, found, miss);
  out.place(upper);
  search(out, sorted.subspan(half), range_of, found, miss);
}

/// Tells UDP and TCP apart: `body` for each; anything else to `other`. Neither goes on behind.
template <class Body>
void by_protocol(Assembler& out, Body body, Label other) {
  const Label udp = out.label(), tcp = out.label();
  go_if_any(out, udp_kinds, udp);
  go_if_any(out, tcp_kinds, tcp);
  out.go(other);
  out.place(udp);
  body(Protocol::udp);
  out.place(tcp);
  body(Protocol::tcp);
}

inline std::span<const Mapping> of(const PortMap& map, Protocol protocol) {
  return protocol == Protocol::udp ? map.udp : map.tcp;
}

}  // namespace lodger::netmode::policy
