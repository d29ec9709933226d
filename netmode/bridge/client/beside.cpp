#include "netmode/bridge/client/beside.hpp"

#include <fmt/core.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>

#include <algorithm>
#include <map>
#include <set>

#include "netmode/bridge/client/rules.hpp"
#include "netmode/bridge/client/transaction.hpp"

namespace lodger::netmode::bridge {
namespace {

struct TableId {
  std::uint32_t family;
  std::string name;
  auto operator<=>(const TableId&) const = default;
};

/// A base chain that is asked about what is forwarded, and whether all that no rule of it lets by is dropped.
struct Gate {
  std::string chain;
  bool drops = false;
};

/// What the tables of others have to do with forwarding.
struct Others {
  std::map<TableId, Gate> gates;
  std::set<TableId> for_docker;  // with a chain that Docker leaves to others
};

using Chain = std::unique_ptr<nftnl_chain, void (*)(const nftnl_chain*)>;
using RuleRead = std::unique_ptr<nftnl_rule, void (*)(const nftnl_rule*)>;

std::string text(const char* words) { return words ? words : ""; }

void take_chain(const nftnl_chain* chain, Others& others) {
  const TableId table{nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY),
                      text(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE))};
  const auto name = text(nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
  if (name == "DOCKER-USER") others.for_docker.insert(table);
  const bool ip =
      table.family == NFPROTO_INET || table.family == NFPROTO_IPV4 || table.family == NFPROTO_IPV6;
  if (!ip || table.name == table_name || !nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) ||
      nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) != NF_INET_FORWARD)
    return;
  const bool drops = nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
  // its policy is to accept, and its last rule rejects
  if (drops || name == "filter_FORWARD") others.gates[table] = {name, drops};
}

Outcome<Others> look_at_others(Netlink& netfilter) {
  char buffer[1024];
  const auto* request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NLM_F_DUMP, 1);
  Others others;
  TRY(netfilter.ask("looking for the rules of others", request, [&](const nlmsghdr* answer) {
    const Chain chain(nftnl_chain_alloc(), nftnl_chain_free);
    if (nftnl_chain_nlmsg_parse(answer, chain.get()) == 0) take_chain(chain.get(), others);
  }));
  return others;
}

/// Compares something with the device's name, or with the beginning of it ("lodger*"): nft(8), "iifname".
bool names(nftnl_expr* expression, const std::string& device) {
  if (text(nftnl_expr_get_str(expression, NFTNL_EXPR_NAME)) != "cmp") return false;
  std::uint32_t size = 0;
  const auto* data = static_cast<const char*>(nftnl_expr_get(expression, NFTNL_EXPR_CMP_DATA, &size));
  const std::string_view whole(device.c_str(), device.size() + 1);
  return data && size > 1 &&
         whole.starts_with(std::string_view(data, std::min<std::size_t>(size, whole.size())));
}

/// Whether a rule of the table names the device: somebody has thought of it.
Outcome<bool> knows(Netlink& netfilter, const TableId& table, const std::string& device) {
  char buffer[1024];
  auto* request =
      nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETRULE, static_cast<std::uint16_t>(table.family), NLM_F_DUMP, 1);
  const RuleRead which(nftnl_rule_alloc(), nftnl_rule_free);
  nftnl_rule_set_str(which.get(), NFTNL_RULE_TABLE, table.name.c_str());
  nftnl_rule_nlmsg_build_payload(request, which.get());
  bool found = false;
  TRY(netfilter.ask("looking at the rules of others", request, [&](const nlmsghdr* answer) {
    const RuleRead rule(nftnl_rule_alloc(), nftnl_rule_free);
    if (nftnl_rule_nlmsg_parse(answer, rule.get()) < 0) return;
    const auto look = [](nftnl_expr* expression, void* into) {
      auto& [name, is] = *static_cast<std::pair<const std::string&, bool&>*>(into);
      is |= names(expression, name);
      return 0;
    };
    std::pair<const std::string&, bool&> looked(device, found);
    nftnl_expr_foreach(rule.get(), look, &looked);
  }));
  return found;
}

std::string_view family_name(std::uint32_t family) {
  return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

/// Two commands, one for each direction.
std::string help(const TableId& table, const Gate& gate, bool docker, const std::string& device) {
  if (table.name == "firewalld")
    return fmt::format(
        "firewall-cmd --permanent --zone=trusted --add-interface={0}; firewall-cmd --zone=trusted "
        "--add-interface={0}",
        device);
  if (table.name == "filter" && table.family != NFPROTO_INET)
    return fmt::format("{0} -I {1} -i {2} -j ACCEPT; {0} -I {1} -o {2} -j ACCEPT",
                       table.family == NFPROTO_IPV4 ? "iptables" : "ip6tables",
                       docker ? "DOCKER-USER" : gate.chain, device);
  return fmt::format(
      "nft insert rule {0} {1} {2} iifname {3} accept; nft insert rule {0} {1} {2} oifname {3} accept",
      family_name(table.family), table.name, gate.chain, device);
}

Outcome<std::vector<std::string>> look(Netlink& netfilter, const Network& network) {
  const auto others = TRY(look_at_others(netfilter));
  std::vector<std::string> out;
  for (const auto& [table, gate] : others.gates) {
    if (table.family == NFPROTO_IPV6 && !network.prefix6) continue;
    if (TRY(knows(netfilter, table, network.device))) continue;
    out.push_back(
        fmt::format("chain {} of table {} {} {}, and has no rule for {}: its containers may be cut off from "
                    "other hosts; what "
                    "helps: {}",
                    gate.chain, family_name(table.family), table.name,
                    gate.drops ? "drops what is forwarded" : "rejects what is forwarded", network.device,
                    help(table, gate, others.for_docker.contains(table), network.device)));
  }
  return out;
}

}  // namespace

Outcome<std::vector<std::string>> in_the_way(Netlink& netfilter, const Network& network) {
  return persist([&] { return look(netfilter, network); });
}

}  // namespace lodger::netmode::bridge
