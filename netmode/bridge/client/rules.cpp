#include "netmode/bridge/client/rules.hpp"

#include <cstring>

namespace lodger::netmode::bridge {
namespace {

constexpr std::uint32_t first_register = NFT_REG32_00;  // keys of several parts lie in a row of these
constexpr std::uint32_t source6_at = 8, destination6_at = 24, port_at = 2;

}  // namespace

Rule::Rule(const char* chain) : rule_(nftnl_rule_alloc()) {
  nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, NFPROTO_INET);
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, table_name);
  nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain);
}

nftnl_expr* Rule::add(const char* kind) {
  auto* expression = nftnl_expr_alloc(kind);
  nftnl_rule_add_expr(rule_.get(), expression);
  return expression;
}

void Rule::load(std::uint32_t base, std::uint32_t offset, std::uint32_t length, std::uint32_t reg) {
  auto* payload = add("payload");
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, length);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void Rule::meta(std::uint32_t key, std::uint32_t reg) {
  auto* expression = add("meta");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_KEY, key);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_META_DREG, reg);
}

void Rule::compare(std::uint32_t op, const void* data, std::uint32_t size) {
  auto* expression = add("cmp");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_SREG, first_register);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_CMP_OP, op);
  nftnl_expr_set_data(expression, NFTNL_EXPR_CMP_DATA, data, size);
}

nftnl_expr* Rule::look_up(const char* set, bool is) {
  auto* expression = add("lookup");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_SREG, first_register);
  nftnl_expr_set_str(expression, NFTNL_EXPR_LOOKUP_SET, set);
  if (!is) nftnl_expr_set_u32(expression, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  return expression;
}

Rule& Rule::family(std::uint8_t protocol) {
  meta(NFT_META_NFPROTO, first_register);
  compare(NFT_CMP_EQ, &protocol, sizeof protocol);
  return *this;
}

Rule& Rule::device(std::uint32_t key, const char* set, bool is) {
  meta(key, first_register);
  look_up(set, is);
  return *this;
}

Rule& Rule::in_and_out(const char* set) {
  meta(NFT_META_IIFNAME, first_register);
  meta(NFT_META_OIFNAME, first_register + 4);  // a name takes sixteen bytes
  look_up(set);
  return *this;
}

Rule& Rule::from(const char* set, bool is) {
  const bool v6 = std::string_view(set).ends_with('6');
  load(NFT_PAYLOAD_NETWORK_HEADER, v6 ? source6_at : source_at, v6 ? 16 : 4, first_register);
  look_up(set, is);
  return *this;
}

Rule& Rule::not_from_link_local6() {
  constexpr std::uint8_t prefix[8]{0xfe, 0x80};
  load(NFT_PAYLOAD_NETWORK_HEADER, source6_at, sizeof prefix, first_register);
  compare(NFT_CMP_NEQ, prefix, sizeof prefix);
  return *this;
}

Rule& Rule::loopback(std::uint32_t offset) {
  constexpr std::uint8_t net = IN_LOOPBACKNET;
  load(NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof net, first_register);
  compare(NFT_CMP_EQ, &net, sizeof net);
  return *this;
}

Rule& Rule::to_loopback6() {
  load(NFT_PAYLOAD_NETWORK_HEADER, destination6_at, 16, first_register);
  compare(NFT_CMP_EQ, &in6addr_loopback, sizeof in6addr_loopback);
  return *this;
}

Rule& Rule::to_host() {
  constexpr std::uint32_t local = 2;  // RTN_LOCAL
  auto* fib = add("fib");
  nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
  nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
  nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_DREG, first_register);
  compare(NFT_CMP_EQ, &local, sizeof local);
  return *this;
}

void Rule::mask(const void* bits, const void* flipped, std::uint32_t size) {
  auto* mask = add("bitwise");
  nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_SREG, first_register);
  nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_DREG, first_register);
  nftnl_expr_set_u32(mask, NFTNL_EXPR_BITWISE_LEN, size);
  nftnl_expr_set_data(mask, NFTNL_EXPR_BITWISE_MASK, bits, size);
  nftnl_expr_set_data(mask, NFTNL_EXPR_BITWISE_XOR, flipped, size);
}

Rule& Rule::conntrack(std::uint32_t key, std::uint32_t bits, bool any) {
  constexpr std::uint32_t none = 0;
  auto* ct = add("ct");
  nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_KEY, key);
  nftnl_expr_set_u32(ct, NFTNL_EXPR_CT_DREG, first_register);
  mask(&bits, &none, sizeof bits);
  compare(any ? NFT_CMP_NEQ : NFT_CMP_EQ, &none, sizeof none);
  return *this;
}

Rule& Rule::transport(std::uint8_t protocol) {
  meta(NFT_META_L4PROTO, first_register);
  compare(NFT_CMP_EQ, &protocol, sizeof protocol);
  return *this;
}

Rule& Rule::dnat(const char* map, Door door) {
  constexpr std::uint8_t nothing[16]{};
  const auto [v6, with_port, any] = door;
  const std::uint32_t length = v6 ? 16 : 4, words = length / 4;
  load(NFT_PAYLOAD_NETWORK_HEADER, v6 ? destination6_at : destination_at, length, first_register);
  if (any) mask(nothing, nothing, length);
  meta(NFT_META_L4PROTO, first_register + words);
  load(NFT_PAYLOAD_TRANSPORT_HEADER, port_at, 2, first_register + words + 1);
  nftnl_expr_set_u32(look_up(map), NFTNL_EXPR_LOOKUP_DREG, first_register);
  auto* nat = add("nat");
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, first_register);
  if (with_port) nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, first_register + words);
  return *this;
}

Rule& Rule::masquerade() {
  add("masq");
  return *this;
}

void Rule::verdict(int code, const char* chain) {
  auto* expression = add("immediate");
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_VERDICT, static_cast<std::uint32_t>(code));
  if (chain) nftnl_expr_set_str(expression, NFTNL_EXPR_IMM_CHAIN, chain);
}

void Rule::append_to(Batch& batch) {
  batch.add(std::string("adding a rule to chain ") + nftnl_rule_get_str(rule_.get(), NFTNL_RULE_CHAIN),
            [&](char* buffer, std::uint32_t sequence) {
              auto* header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWRULE, NFPROTO_INET,
                                                   NLM_F_CREATE | NLM_F_APPEND, sequence);
              nftnl_rule_nlmsg_build_payload(header, rule_.get());
            });
}

}  // namespace lodger::netmode::bridge
