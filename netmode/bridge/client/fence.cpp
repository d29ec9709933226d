#include "netmode/bridge/client/fence.hpp"

#include <fmt/core.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "netmode/bridge/client/forwarding.hpp"
#include "netmode/bridge/client/links.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::bridge {
namespace {

constexpr std::uint32_t first_rule = 60;
constexpr std::string_view beginning = "no nf_tables:";
// Whose a rule is: one of the numbers that rtnetlink.h leaves to whoever wants one. A rule of somebody else's
// that says the same is none of ours.
constexpr std::uint8_t protocol = 108;

struct Fence {
  std::uint32_t priority;
  bool to_subnet, from_host, from_device;
};
constexpr Fence fences[] = {{first_rule, true, true, false},
                            {first_rule + 1, true, false, false},
                            {first_rule + 1, false, false, true}};

void put_destination(nlmsghdr* header, fib_rule_hdr* body, const Network& network, bool v6) {
  if (v6) {
    body->dst_len = 64;
    mnl_attr_put(header, FRA_DST, network.prefix6->size(), network.prefix6->data());
    return;
  }
  const V4 raw = htonl(network.subnet.first);
  body->dst_len = static_cast<std::uint8_t>(network.subnet.length);
  mnl_attr_put(header, FRA_DST, sizeof raw, &raw);
}

/// Adds a rule, or takes it away.
Outcome<> change(Netlink& route, const Network& network, const Fence& fence, bool v6, std::uint16_t type) {
  Batch batch;
  batch.add(fmt::format("keeping {} apart by ip-rule(8)", network.device), [&](char* buffer,
                                                                               std::uint32_t sequence) {
    auto* header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST;
    if (type == RTM_NEWRULE) header->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
    header->nlmsg_seq = sequence;
    auto* body = static_cast<fib_rule_hdr*>(mnl_nlmsg_put_extra_header(header, sizeof(fib_rule_hdr)));
    body->family = v6 ? AF_INET6 : AF_INET;
    body->action = fence.from_host ? FR_ACT_TO_TBL : FR_ACT_PROHIBIT;
    if (fence.from_host) body->table = RT_TABLE_MAIN;
    if (fence.to_subnet) put_destination(header, body, network, v6);
    if (fence.from_host) mnl_attr_put_strz(header, FRA_IIFNAME, "lo");
    if (fence.from_device) mnl_attr_put_strz(header, FRA_IIFNAME, network.device.c_str());
    mnl_attr_put_u32(header, FRA_PRIORITY, fence.priority);
    mnl_attr_put_u8(header, FRA_PROTOCOL, protocol);
  });
  batch.confirm_last();
  return route.commit(std::move(batch));
}

/// A kernel without CONFIG_IP_MULTIPLE_TABLES, CONFIG_IPV6_MULTIPLE_TABLES or either.
bool is_unknown(const Failure& failure) { return failure.code == EAFNOSUPPORT || failure.code == EOPNOTSUPP; }

/// Whether the kernel knows such rules.
Outcome<bool> put_family(Netlink& route, const Network& network, bool v6) {
  for (const auto& fence : fences) {
    const auto put = change(route, network, fence, v6, RTM_NEWRULE);
    if (put || put.error().code == EEXIST) continue;
    if (is_unknown(put.error())) return false;
    return std::unexpected(put.error());
  }
  return true;
}

}  // namespace

Outcome<std::vector<std::string>> put_fence(Netlink& route, const Network& network) {
  // First: by it the rules are found again, whatever becomes of us.
  TRY(set_alias(route, network.device, fence_alias(network)));
  std::vector<std::string> words{fmt::format(
      "this kernel has no nf_tables: containers on {} reach the host and each other, and nobody beyond",
      network.device)};
  for (const bool v6 : {false, true}) {
    if (v6 && !network.prefix6) continue;
    if (TRY(put_family(route, network, v6))) continue;
    if (!v6) TRY(forward_from(network, false));
    words.push_back(
        fmt::format("and no policy routing of {} (ip-rule(8)): where this host is a router, containers on {} "
                    "are reached on ports that are not published",
                    v6 ? "IPv6" : "IPv4", network.device));
  }
  TRY(check_sources(network));
  return words;
}

Outcome<> take_fence(Netlink& route, const Network& network, bool device) {
  for (const bool v6 : {false, true}) {
    if (v6 && !network.prefix6) continue;
    for (const auto& fence : fences) {
      if (!device && (!v6 || fence.from_device)) continue;
      const auto taken = change(route, network, fence, v6, RTM_DELRULE);
      if (!taken && taken.error().code != ENOENT && !is_unknown(taken.error())) return taken;
    }
  }
  return {};
}

std::string fence_alias(const Network& network) {
  kernel::Words words;
  append(words, network);
  std::string out(beginning);
  for (const auto& word : words) out += " " + word;
  return out;
}

std::optional<Network> fenced_from(std::string_view device, std::string_view alias) {
  if (!alias.starts_with(beginning)) return std::nullopt;
  alias.remove_prefix(beginning.size());
  kernel::Words words;
  (void)spec::cut(alias, ' ');
  for (int left = 4; left > 0; --left) words.emplace_back(spec::cut(alias, ' '));
  auto network = take_network(words);
  return network && network->device == device ? network : std::nullopt;
}

}  // namespace lodger::netmode::bridge
