#include "netmode/policy/programs.hpp"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <algorithm>

#include "netmode/policy/pieces.hpp"

namespace lodger::netmode::policy {
namespace {

using namespace kernel::bpf;

/// A bind program's answers. The last one also spares the socket the look for CAP_NET_BIND_SERVICE
/// (BPF_RET_BIND_NO_CAP_NET_BIND_SERVICE, Linux 5.12): who named the port has allowed it.
constexpr std::int32_t denied = 0, allowed = 1, allowed_below_1024 = 3;

/// A socket that is bound to all addresses gets the one that its port is published on; another one than that
/// is not published.
void judge_address4(Assembler& out, const Mapping& mapping, Label deny) {
  if (mapping.v6) return out.go(deny);
  if (!mapping.v4 || mapping.v4->s_addr == INADDR_ANY) return;
  const Label ready = out.label();
  load_ip4(out);
  out.go_if(BPF_JEQ, words[0], mapping.v4->s_addr, ready);
  out.go_if(BPF_JNE, words[0], INADDR_ANY, deny);
  write_ip4(out, *mapping.v4);
  out.place(ready);
}

void judge_address6(Assembler& out, const Mapping& mapping, Label deny) {
  if (!mapping.v4 && !mapping.v6) return;
  const in6_addr wanted = mapping.v6 ? *mapping.v6 : v4_mapped(*mapping.v4);
  const Label other = out.label(), set = out.label(), ready = out.label();
  load_ip6(out);
  if (mapping.v4 && mapping.v4->s_addr == INADDR_ANY) {  // any address of IPv4 is on it
    out.go_if(BPF_JEQ, words[2], htonl(0xffff), ready);
  } else {
    need_ip6(out, wanted, other);
    out.go(ready);
    out.place(other);
    if (mapping.v4) {
      const Label not_any = out.label();
      need_ip6(out, v4_mapped({INADDR_ANY}), not_any);
      out.go(set);
      out.place(not_any);
    }
  }
  need_ip6(out, in6addr_any, deny);
  if (out.wanted(set)) out.place(set);
  write_ip6(out, wanted);
  out.place(ready);
}

int to_host(const Mapping& mapping) { return mapping.host.first - mapping.container.first; }
PortRange container_side(const Mapping& mapping) { return mapping.container; }
PortRange host_side(const Mapping& mapping) { return mapping.host; }
PortRange itself(const PortRange& range) { return range; }

/// The host's sides, in their own order.
std::vector<Mapping> by_host(std::span<const Mapping> mappings) {
  std::vector<Mapping> out(mappings.begin(), mappings.end());
  std::ranges::sort(out, {}, [](const Mapping& mapping) { return mapping.host.first; });
  return out;
}

/// The body of a bind program for one protocol.
void judge_port(Assembler& out, const Rules& rules, Protocol protocol, bool v6, Label deny, Label free,
                Label listed) {
  const auto mappings = of(rules.map, protocol);
  if (!mappings.empty()) {
    const Label unmapped = out.label(), unused = out.label();
    const auto map = [&](const Mapping& mapping) {
      v6 ? judge_address6(out, mapping, deny) : judge_address4(out, mapping, deny);
      if (mapping.v6 && !v6) return;  // there is no way on
      shift_port(out, to_host(mapping));
      out.give(allowed_below_1024);
    };
    search(out, mappings, container_side, map, unmapped);
    out.place(unmapped);
    const auto hosts = by_host(mappings);
    search(
        out, std::span<const Mapping>(hosts), host_side, [&](const Mapping&) { out.go(deny); }, unused);
    out.place(unused);
  }
  if (!rules.bind) return out.go(free);
  const std::span<const PortRange> list = protocol == Protocol::udp ? rules.bind->udp : rules.bind->tcp;
  search(
      out, list, itself, [&](const PortRange&) { out.go(listed); }, deny);
}

}  // namespace

std::vector<bpf_insn> socket_program() {
  constexpr Register type = 3;
  constexpr int ping_kinds[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};
  Assembler out;
  const Label allow = out.label();
  out.add({load(type, context, offsetof(bpf_sock, type)),
           load(protocol_register, context, offsetof(bpf_sock, protocol))});
  out.go_if(BPF_JEQ, type, SOCK_RAW, allow);
  go_if_any(out, tcp_kinds, allow);
  go_if_any(out, udp_kinds, allow);
  go_if_any(out, ping_kinds, allow);
  out.give(denied);
  place_answer(out, allow, allowed);
  return std::move(out).take();
}

std::vector<bpf_insn> bind_program(const Rules& rules, bool v6) {
  Assembler out;
  const Label free = out.label(), listed = out.label(), deny = out.label();
  begin(out);
  out.go_if(BPF_JEQ, port_register, 0, free);
  by_protocol(
      out, [&](Protocol protocol) { judge_port(out, rules, protocol, v6, deny, free, listed); },
      rules.bind ? deny : free);
  place_answer(out, free, allowed);
  place_answer(out, listed, allowed_below_1024);
  place_answer(out, deny, denied);
  return std::move(out).take();
}

std::vector<bpf_insn> outward_program(const PortMap& map, bool v6, bool unconnected) {
  Assembler out;
  const Label pass = out.label();
  begin(out);
  v6 ? load_ip6(out) : load_ip4(out);
  v6 ? need_loopback6(out, true, pass) : need_loopback4(out, words[0], true, pass);
  const auto turn = [&](const Mapping& mapping) {
    const bool any_v4 = mapping.v4 && mapping.v4->s_addr == INADDR_ANY;
    if (v6 ? mapping.v4 && unconnected : mapping.v6.has_value()) return out.go(pass);
    if (!v6 && mapping.v4 && !any_v4) write_ip4(out, *mapping.v4);
    if (v6 && mapping.v6) {
      out.go_if(BPF_JNE, words[2], 0, pass);  // to IPv4's loopback, where it is not
      write_ip6(out, *mapping.v6);
    }
    if (v6 && mapping.v4) write_ip6(out, v4_mapped(any_v4 ? in_addr{htonl(INADDR_LOOPBACK)} : *mapping.v4));
    shift_port(out, to_host(mapping));
    out.give(allowed);
  };
  by_protocol(
      out, [&](Protocol protocol) { search(out, of(map, protocol), container_side, turn, pass); }, pass);
  place_answer(out, pass, allowed);
  return std::move(out).take();
}

std::vector<bpf_insn> inward_program(const PortMap& map, bool v6) {
  Assembler out;
  const Label pass = out.label();
  begin(out);
  v6 ? load_ip6(out) : load_ip4(out);
  const auto turn_back = [&](const Mapping& mapping) {
    const bool anywhere = !mapping.v6 && (!mapping.v4 || mapping.v4->s_addr == INADDR_ANY);
    const in_addr loopback{htonl(INADDR_LOOPBACK)};
    if (!v6 && mapping.v6) return out.go(pass);
    if (anywhere) {
      v6 ? need_loopback6(out, false, pass) : need_loopback4(out, words[0], false, pass);
    } else if (v6) {
      need_ip6(out, mapping.v6 ? *mapping.v6 : v4_mapped(*mapping.v4), pass);
      write_ip6(out, mapping.v6 ? in6addr_loopback : v4_mapped(loopback));
    } else {
      out.go_if(BPF_JNE, words[0], mapping.v4->s_addr, pass);
      write_ip4(out, loopback);
    }
    shift_port(out, -to_host(mapping));
    out.give(allowed);
  };
  const auto body = [&](Protocol protocol) {
    const auto hosts = by_host(of(map, protocol));
    search(out, std::span<const Mapping>(hosts), host_side, turn_back, pass);
  };
  by_protocol(out, body, pass);
  place_answer(out, pass, allowed);
  return std::move(out).take();
}

std::vector<bpf_insn> name_program(const PortMap& map) {
  Assembler out;
  const Label pass = out.label();
  begin(out);
  const auto turn_back = [&](const Mapping& mapping) {
    shift_port(out, -to_host(mapping));
    out.give(allowed);
  };
  const auto body = [&](Protocol protocol) {
    const auto hosts = by_host(of(map, protocol));
    search(out, std::span<const Mapping>(hosts), host_side, turn_back, pass);
  };
  by_protocol(out, body, pass);
  place_answer(out, pass, allowed);
  return std::move(out).take();
}

namespace {

constexpr Register packet = 6, word = 2;

/// The packet's 32 bits at `offset` from its network header on, in the machine's order.
void load_packet(Assembler& out, std::size_t offset, Label shorter) {
  out.add({copy(1, packet), compute(BPF_MOV, 2, static_cast<std::int64_t>(offset)), copy(3, frame),
           compute64(BPF_ADD, 3, -4), compute(BPF_MOV, 4, sizeof(std::uint32_t)),
           call(BPF_FUNC_skb_load_bytes)});
  out.go_if(BPF_JNE, answer, 0, shorter);
  out.add({load_word(word), swap32(word)});
}

}  // namespace

std::vector<bpf_insn> unicast_program() {
  // an address's first 32 bits
  constexpr std::int64_t first_group = 0xe0000000, behind_groups = 0xf0000000, everybody = 0xffffffff,
                         first_group6 = 0xff000000;
  Assembler out;
  const Label v6 = out.label(), allow = out.label(), deny = out.label();
  out.add({copy(packet, context), load(word, packet, offsetof(__sk_buff, pkt_type))});
  // A network's own address for everybody does not tell by itself: what comes for it without the link's, from
  // a tunnel, say, passes. The second are the host's copies of what it sends to everybody, or to a group.
  for (const int kind : {PACKET_BROADCAST, PACKET_LOOPBACK}) out.go_if(BPF_JEQ, word, kind, deny);
  out.add({load(word, packet, offsetof(__sk_buff, protocol))});
  out.go_if(BPF_JEQ, word, htons(ETH_P_IPV6), v6);
  out.go_if(BPF_JNE, word, htons(ETH_P_IP), allow);
  load_packet(out, offsetof(iphdr, daddr), deny);
  out.go_if(BPF_JLT, word, first_group, allow);
  out.go_if(BPF_JEQ, word, everybody, deny);
  out.go_if(BPF_JGE, word, behind_groups, allow);
  out.go(deny);
  out.place(v6);
  load_packet(out, offsetof(ipv6hdr, daddr), deny);
  out.go_if(BPF_JGE, word, first_group6, deny);
  place_answer(out, allow, allowed);
  place_answer(out, deny, denied);
  return std::move(out).take();
}

namespace {

std::vector<bpf_insn> instructions_for(bpf_attach_type where, const Rules& rules) {
  std::vector<bpf_insn> none;
  switch (where) {
    case BPF_CGROUP_INET_INGRESS:
    case BPF_CGROUP_INET_EGRESS: return rules.unicast ? unicast_program() : none;
    case BPF_CGROUP_INET_SOCK_CREATE: return rules.bind ? socket_program() : none;
    case BPF_CGROUP_INET4_BIND: return rules.ports() ? bind_program(rules, false) : none;
    case BPF_CGROUP_INET6_BIND: return rules.ports() ? bind_program(rules, true) : none;
    default: break;
  }
  if (rules.map.empty()) return none;
  switch (where) {
    case BPF_CGROUP_INET4_CONNECT:
    case BPF_CGROUP_UDP4_SENDMSG: return outward_program(rules.map, false);
    case BPF_CGROUP_INET6_CONNECT: return outward_program(rules.map, true);
    case BPF_CGROUP_UDP6_SENDMSG: return outward_program(rules.map, true, true);
    case BPF_CGROUP_UDP4_RECVMSG:
    case BPF_CGROUP_INET4_GETPEERNAME: return inward_program(rules.map, false);
    case BPF_CGROUP_UDP6_RECVMSG:
    case BPF_CGROUP_INET6_GETPEERNAME: return inward_program(rules.map, true);
    default: return name_program(rules.map);
  }
}

}  // namespace

std::vector<Program> programs(const Rules& rules) {
  std::vector<Program> out;
  if (!rules.any()) return out;
  for (const auto& hook : hooks)
    if (auto instructions = instructions_for(hook.where, rules); !instructions.empty())
      out.push_back({hook, std::move(instructions)});
  return out;
}

}  // namespace lodger::netmode::policy
