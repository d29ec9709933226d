#include "netmode/policy/pieces.hpp"

#include <array>
#include <cstring>

namespace lodger::netmode::policy {

using namespace kernel::bpf;

namespace {

constexpr std::size_t port_field = offsetof(bpf_sock_addr, user_port);

std::array<std::uint32_t, 4> words_of(const in6_addr& address) {
  std::array<std::uint32_t, 4> out;
  std::memcpy(out.data(), &address, sizeof address);
  return out;
}

}  // namespace

void begin(Assembler& out) {
  out.add({load(protocol_register, context, offsetof(bpf_sock_addr, protocol)),
           load(port_register, context, port_field), swap16(port_register)});
}

void go_if_any(Assembler& out, std::span<const int> kinds, Label to) {
  for (const int kind : kinds) out.go_if(BPF_JEQ, protocol_register, kind, to);
}

void place_answer(Assembler& out, Label label, std::int32_t answer) {
  if (!out.wanted(label)) return;
  out.place(label);
  out.give(answer);
}

void shift_port(Assembler& out, int by) {
  if (by == 0) return;
  out.add({compute(BPF_ADD, port_register, by), swap16(port_register),
           store(context, port_field, port_register)});
}

void load_ip4(Assembler& out) { out.add({load(words[0], context, ip4_field)}); }
void load_ip6(Assembler& out) {
  for (std::size_t i = 0; i < 4; ++i) out.add({load(words[i], context, ip6_field(i))});
}

void write_ip4(Assembler& out, in_addr address) {
  out.add({compute(BPF_MOV, spare, address.s_addr), store(context, ip4_field, spare)});
}
void write_ip6(Assembler& out, const in6_addr& address) {
  const auto parts = words_of(address);
  for (std::size_t i = 0; i < 4; ++i)
    out.add({compute(BPF_MOV, spare, parts[i]), store(context, ip6_field(i), spare)});
}

in6_addr v4_mapped(in_addr address) {
  in6_addr out{};
  out.s6_addr[10] = out.s6_addr[11] = 0xff;
  std::memcpy(out.s6_addr + 12, &address, sizeof address);
  return out;
}

void need_ip6(Assembler& out, const in6_addr& address, Label no) {
  const auto parts = words_of(address);
  for (std::size_t i = 0; i < 4; ++i) out.go_if(BPF_JNE, words[i], parts[i], no);
}

void need_loopback4(Assembler& out, Register word, bool or_any, Label no) {
  const Label yes = out.label();
  if (or_any) out.go_if(BPF_JEQ, word, 0, yes);
  out.add({copy(spare, word), compute(BPF_AND, spare, htonl(0xff000000))});
  out.go_if(BPF_JNE, spare, htonl(0x7f000000), no);
  out.place(yes);
}

void need_loopback6(Assembler& out, bool or_any, Label no) {
  const Label yes = out.label(), mapped = out.label();
  out.go_if(BPF_JNE, words[0], 0, no);
  out.go_if(BPF_JNE, words[1], 0, no);
  out.go_if(BPF_JEQ, words[2], htonl(0xffff), mapped);
  out.go_if(BPF_JNE, words[2], 0, no);
  if (or_any) out.go_if(BPF_JEQ, words[3], 0, yes);
  out.go_if(BPF_JNE, words[3], htonl(1), no);
  out.go(yes);
  out.place(mapped);
  need_loopback4(out, words[3], or_any, no);
  out.place(yes);
}

}  // namespace lodger::netmode::policy
