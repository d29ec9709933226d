#include "netmode/bridge/client/table.hpp"

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <cstring>

#include "netmode/bridge/client/rules.hpp"
#include "netmode/bridge/client/sets.hpp"
// Behind the others: it includes linux/in.h, which gives way to netinet/in.h.
#include <linux/netfilter_ipv4.h>

namespace lodger::netmode::bridge {
namespace {

constexpr std::uint8_t transports[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
// Raised when the rules change: a table of another version gets its rules anew.
constexpr char version[] = "lodger 4";

using Table = std::unique_ptr<nftnl_table, void (*)(const nftnl_table*)>;

Table our_table() {
  Table table(nftnl_table_alloc(), nftnl_table_free);
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, NFPROTO_INET);
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, table_name);
  return table;
}

void add_table_message(Batch& batch, std::string doing, std::uint16_t type, std::uint16_t flags) {
  const auto table = our_table();
  if (type == NFT_MSG_NEWTABLE)
    nftnl_table_set_data(table.get(), NFTNL_TABLE_USERDATA, version, sizeof version);
  batch.add(std::move(doing), [&](char* buffer, std::uint32_t sequence) {
    auto* header = nftnl_nlmsg_build_hdr(buffer, type, NFPROTO_INET, flags, sequence);
    nftnl_table_nlmsg_build_payload(header, table.get());
  });
}

/// Without a hook it is a chain to jump to.
struct Chain {
  const char* name;
  const char* type = nullptr;
  std::uint32_t hook = 0;
  std::int32_t priority = 0;
};

constexpr Chain chains[] = {
    {"published"},
    {"into"},
    {"guard", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW},
    {"prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
    {"output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
    {"postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
    {"forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER},
};

void add_chain(Batch& batch, const Chain& what) {
  const std::unique_ptr<nftnl_chain, void (*)(const nftnl_chain*)> chain(nftnl_chain_alloc(),
                                                                         nftnl_chain_free);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table_name);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, what.name);
  if (what.type) {
    nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, what.type);
    nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, what.hook);
    nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, what.priority);
  }
  batch.add(std::string("making chain ") + what.name, [&](char* buffer, std::uint32_t sequence) {
    auto* header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWCHAIN, NFPROTO_INET, NLM_F_CREATE, sequence);
    nftnl_chain_nlmsg_build_payload(header, chain.get());
  });
}

/// All rules of all chains, for new ones.
void flush_rules(Batch& batch) {
  const std::unique_ptr<nftnl_rule, void (*)(const nftnl_rule*)> all(nftnl_rule_alloc(), nftnl_rule_free);
  nftnl_rule_set_u32(all.get(), NFTNL_RULE_FAMILY, NFPROTO_INET);
  nftnl_rule_set_str(all.get(), NFTNL_RULE_TABLE, table_name);
  batch.add("removing the former rules", [&](char* buffer, std::uint32_t sequence) {
    auto* header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_DELRULE, NFPROTO_INET, 0, sequence);
    nftnl_rule_nlmsg_build_payload(header, all.get());
  });
}

void write(Batch& batch, Rule& rule, int code, const char* chain = nullptr) {
  rule.verdict(code, chain);
  rule.append_to(batch);
}

/// A bridge with published ports routes 127.0.0.0/8 (route_localnet), for the host's own loopback to reach
/// containers: none of them may reach the host's through that (CVE-2020-8558). And none speaks under an
/// address that is not of its network.
void guard_host(Batch& batch) {
  write(batch, Rule("guard").v4().in("bridges").to_loopback(), NF_DROP);
  write(batch, Rule("guard").v4().in("bridges").from("subnets4", false), NF_DROP);
  write(batch, Rule("guard").v6().in("bridges").not_from_link_local6().from("subnets6", false), NF_DROP);
}

/// What comes from elsewhere is never for the host's loopback, whatever a map says; the kernel, which drops
/// such a packet, would look at its address after the translation alone. [::1] leaves no host.
void lead_to_containers(Batch& batch) {
  write(batch, Rule("prerouting").v4().to_loopback(), NFT_RETURN);
  write(batch, Rule("prerouting").v6().to_loopback6(), NFT_RETURN);
  write(batch, Rule("prerouting").to_host(), NFT_JUMP, "published");
  write(batch, Rule("output").v6().to_loopback6(), NFT_RETURN);
  write(batch, Rule("output").to_host(), NFT_JUMP, "published");
  for (const bool v6 : {false, true}) {
    const auto of_family = [&](Rule& rule) -> Rule& { return v6 ? rule.v6() : rule.v4(); };
    Rule kept("published");
    of_family(kept).dnat(door_map(v6, false), {v6, false, false}).append_to(batch);
    for (const std::uint8_t protocol : transports)
      for (const bool any : {false, true}) {
        Rule single("published");
        of_family(single).transport(protocol).dnat(door_map(v6, true), {v6, true, any}).append_to(batch);
      }
  }
}

/// Who came to a container by a published port from where the answer would take another way, or none, comes
/// from the host: containers of the same network, and the host's loopback. Others keep their address.
void translate_sources(Batch& batch) {
  Rule("postrouting").v4().from_loopback().out("bridges").masquerade().append_to(batch);
  for (const bool v6 : {false, true}) {
    const char* subnets = v6 ? "subnets6" : "subnets4";
    Rule back("postrouting"), away("postrouting");
    (v6 ? back.v6() : back.v4())
        .from(subnets)
        .out("bridges")
        .status(IPS_DST_NAT)
        .masquerade()
        .append_to(batch);
    (v6 ? away.v6() : away.v4()).from(subnets).out("bridges", false).masquerade().append_to(batch);
  }
}

/// Into a network comes what answers, and what has come to a published port; out of it everything goes. A
/// device that forwards for our sake does for nobody else: as before, with what others have translated
/// (Docker) let by.
void forward(Batch& batch) {
  constexpr std::uint32_t answers = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
  write(batch, Rule("forward").in_and_out("inside"), NF_ACCEPT);
  write(batch, Rule("forward").out("bridges"), NFT_JUMP, "into");
  for (const bool v6 : {false, true}) {
    Rule rule("forward");
    (v6 ? rule.v6() : rule.v4())
        .in(v6 ? "opened6" : "opened4")
        .state(answers, false)
        .status(IPS_DST_NAT, false);
    write(batch, rule, NF_DROP);
  }
  write(batch, Rule("into").state(answers), NF_ACCEPT);
  write(batch, Rule("into").status(IPS_DST_NAT), NF_ACCEPT);
  Rule rest("into");
  write(batch, rest, NF_DROP);
}

}  // namespace

Outcome<bool> has_table(Netlink& netfilter) {
  char buffer[1024];
  const auto table = our_table();
  auto* request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETTABLE, NFPROTO_INET, NLM_F_ACK, 1);
  nftnl_table_nlmsg_build_payload(request, table.get());
  bool same = false;
  const auto asked = netfilter.ask("looking for table inet lodger", request, [&](const nlmsghdr* answer) {
    const auto found = our_table();
    std::uint32_t size = 0;
    if (nftnl_table_nlmsg_parse(answer, found.get()) < 0) return;
    const void* data = nftnl_table_get_data(found.get(), NFTNL_TABLE_USERDATA, &size);
    same = data && size == sizeof version && std::memcmp(data, version, size) == 0;
  });
  if (!asked && asked.error().code != ENOENT) return std::unexpected(asked.error());
  return same;
}

void make_table(Batch& transaction) {
  add_table_message(transaction, "making table inet lodger", NFT_MSG_NEWTABLE, NLM_F_CREATE);
  make_sets(transaction);
  for (const auto& chain : chains) add_chain(transaction, chain);
  flush_rules(transaction);
  guard_host(transaction);
  lead_to_containers(transaction);
  translate_sources(transaction);
  forward(transaction);
}

void remove_table(Batch& transaction) {
  add_table_message(transaction, "removing table inet lodger", NFT_MSG_DELTABLE, 0);
}

}  // namespace lodger::netmode::bridge
