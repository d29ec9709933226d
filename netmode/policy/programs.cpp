#include "netmode/policy/programs.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "kernel/bpf_assembler.hpp"

namespace lodger::netmode::policy {
namespace {

using namespace kernel::bpf;
using Label = Assembler::Label;

constexpr Register protocol = 2, port = 3;

// As the kernel shows them in a socket. MPTCP is not in every C library's headers.
constexpr int tcp_kinds[] = {IPPROTO_TCP, 262 /* MPTCP */}, udp_kinds[] = {IPPROTO_UDP, IPPROTO_UDPLITE},
              ping_kinds[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};

void go_if_any(Assembler& out, std::span<const int> kinds, Label to) {
  for (const int kind : kinds) out.go_if(BPF_JEQ, protocol, kind, to);
}

/// A bind program's answers. The last one also spares the socket the look for CAP_NET_BIND_SERVICE
/// (BPF_RET_BIND_NO_CAP_NET_BIND_SERVICE, Linux 5.12): who named the port has allowed it.
constexpr std::int32_t denied = 0, allowed = 1, allowed_below_1024 = 3;

/// By halves: as many comparisons as the number of ranges has bits.
void search(Assembler& out, std::span<const PortRange> ranges, Label hit, Label miss) {
  if (ranges.empty()) return out.go(miss);
  if (ranges.size() == 1) {
    out.go_if(BPF_JLT, port, ranges[0].first, miss);
    out.go_if(BPF_JLE, port, ranges[0].last, hit);
    return out.go(miss);
  }
  const auto half = ranges.size() / 2;
  const Label upper = out.label();
  out.go_if(BPF_JGE, port, ranges[half].first, upper);
  search(out, ranges.first(half), hit, miss);
  out.place(upper);
  search(out, ranges.subspan(half), hit, miss);
}

void place_answer(Assembler& out, Label label, std::int32_t answer) {
  if (!out.wanted(label)) return;
  out.place(label);
  out.give(answer);
}

}  // namespace

std::vector<bpf_insn> socket_program() {
  constexpr Register type = 3;
  Assembler out;
  const Label allow = out.label();
  out.add(
      {load(type, context, offsetof(bpf_sock, type)), load(protocol, context, offsetof(bpf_sock, protocol))});
  out.go_if(BPF_JEQ, type, SOCK_RAW, allow);
  go_if_any(out, tcp_kinds, allow);
  go_if_any(out, udp_kinds, allow);
  go_if_any(out, ping_kinds, allow);
  out.give(denied);
  place_answer(out, allow, allowed);
  return std::move(out).take();
}

std::vector<bpf_insn> bind_program(const Rules& rules) {
  Assembler out;
  const Label free = out.label(), listed = out.label(), deny = out.label(), udp = out.label(),
              tcp = out.label();
  out.add({load(protocol, context, offsetof(bpf_sock_addr, protocol)),
           load(port, context, offsetof(bpf_sock_addr, user_port)), swap16(port)});
  out.go_if(BPF_JEQ, port, 0, free);
  go_if_any(out, udp_kinds, udp);
  go_if_any(out, tcp_kinds, tcp);
  out.go(deny);
  out.place(udp);
  search(out, rules.bind->udp, listed, deny);
  out.place(tcp);
  search(out, rules.bind->tcp, listed, deny);
  place_answer(out, free, allowed);
  place_answer(out, listed, allowed_below_1024);
  place_answer(out, deny, denied);
  return std::move(out).take();
}

std::vector<Program> programs(const Rules& rules) {
  if (!rules.any()) return {};
  return {{hooks[0], socket_program()}, {hooks[1], bind_program(rules)}, {hooks[2], bind_program(rules)}};
}

}  // namespace lodger::netmode::policy
