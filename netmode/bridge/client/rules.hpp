// Rules and sets of nf_tables, written as they are read. Source: libnftnl; nft(8) for what they mean.
#pragma once
// First: libnftnl/expr.h names FILE, and linux/in.h leaves out what netinet/in.h has.
#include <netinet/in.h>
#include <stdio.h>
//
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <memory>
#include <string>
#include <string_view>

#include "netmode/bridge/client/netlink.hpp"

namespace lodger::netmode::bridge {

inline constexpr const char* table_name = "lodger";

/// One rule of a chain of our table: each call adds a condition or an act.
class Rule {
 public:
  explicit Rule(const char* chain);

  Rule& v4() { return family(NFPROTO_IPV4); }
  Rule& v6() { return family(NFPROTO_IPV6); }
  /// Names of devices: iifname, oifname.
  Rule& in(const char* set, bool is = true) { return device(NFT_META_IIFNAME, set, is); }
  Rule& out(const char* set, bool is = true) { return device(NFT_META_OIFNAME, set, is); }
  /// iifname . oifname
  Rule& in_and_out(const char* set);
  /// The source address is of the set. Stands behind v4() or v6(), as all that follow it here.
  Rule& from(const char* set, bool is = true);
  /// Not an address of fe80::/64, as neighbours have it (RFC 4291, 2.5.6).
  Rule& not_from_link_local6();
  /// An IPv4 address of 127.0.0.0/8.
  Rule& from_loopback() { return loopback(source_at); }
  Rule& to_loopback() { return loopback(destination_at); }
  /// ::1
  Rule& to_loopback6();
  /// fib daddr type local: one of the host's own addresses.
  Rule& to_host();
  /// ct state; ct status: any of these bits, or none of them.
  Rule& state(std::uint32_t bits, bool any = true) { return conntrack(NFT_CT_STATE, bits, any); }
  Rule& status(std::uint32_t bits, bool any = true) { return conntrack(NFT_CT_STATUS, bits, any); }

  /// The transport protocol. What is to be translated to another port needs it: without, nft(8) would not
  /// load again what it has listed.
  Rule& transport(std::uint8_t protocol);
  /// Address, protocol and port as a key of the map: DNAT to what it says, with a port or without.
  /// `any`: with 0.0.0.0 or :: in the address's place, by a mask, which is what nft(8) has a form for.
  struct Door {
    bool v6 = false, with_port = false, any = false;
  };
  Rule& dnat(const char* map, Door door);
  Rule& masquerade();
  /// NF_ACCEPT, NF_DROP, NFT_RETURN; NFT_JUMP with a chain.
  void verdict(int code, const char* chain = nullptr);

  /// The rule as a message.
  void append_to(Batch& batch);

 private:
  static constexpr std::uint32_t source_at = 12, destination_at = 16;
  struct Drop {
    void operator()(nftnl_rule* rule) const { nftnl_rule_free(rule); }
  };
  nftnl_expr* add(const char* kind);
  void load(std::uint32_t base, std::uint32_t offset, std::uint32_t length, std::uint32_t reg);
  void meta(std::uint32_t key, std::uint32_t reg);
  void compare(std::uint32_t op, const void* data, std::uint32_t size);
  nftnl_expr* look_up(const char* set, bool is = true);
  Rule& family(std::uint8_t protocol);
  Rule& device(std::uint32_t key, const char* set, bool is);
  Rule& loopback(std::uint32_t offset);
  void mask(const void* bits, const void* flipped, std::uint32_t size);
  Rule& conntrack(std::uint32_t key, std::uint32_t bits, bool any);

  std::unique_ptr<nftnl_rule, Drop> rule_;
};

}  // namespace lodger::netmode::bridge
