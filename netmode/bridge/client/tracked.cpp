#include "netmode/bridge/client/tracked.hpp"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <algorithm>
#include <functional>

namespace lodger::netmode::bridge {
namespace {

nlmsghdr* begin(char* buffer, std::uint32_t sequence, std::uint8_t message, std::uint16_t flags, bool v6) {
  auto* header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | message);
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  auto* body = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  body->nfgen_family = v6 ? AF_INET6 : AF_INET;
  body->version = NFNETLINK_V0;
  return header;
}

/// An attribute that is looked for.
struct Wanted {
  std::uint16_t type;
  const nlattr* found = nullptr;
  static int look(const nlattr* attribute, void* into) {
    auto& wanted = *static_cast<Wanted*>(into);
    if (mnl_attr_get_type(attribute) == wanted.type) wanted.found = attribute;
    return MNL_CB_OK;
  }
};

const nlattr* within(const nlattr* nest, std::uint16_t type) {
  Wanted wanted{type};
  if (nest) mnl_attr_parse_nested(nest, Wanted::look, &wanted);
  return wanted.found;
}

const nlattr* of(const nlmsghdr* message, std::uint16_t type) {
  Wanted wanted{type};
  mnl_attr_parse(message, sizeof(nfgenmsg), Wanted::look, &wanted);
  return wanted.found;
}

/// Whether its answers come from the address: there its packets are led, by DNAT or without.
bool leads_to(const nlmsghdr* tracked, bool v6, const Bytes& address) {
  const auto* ip = within(of(tracked, CTA_TUPLE_REPLY), CTA_TUPLE_IP);
  const auto* source = within(ip, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC);
  return source && mnl_attr_get_payload_len(source) == address.size() &&
         std::equal(address.begin(), address.end(),
                    static_cast<const std::uint8_t*>(mnl_attr_get_payload(source)));
}

/// What names a connection to the kernel: its first direction, and its zone where it has one.
std::vector<std::uint8_t> name_of(const nlmsghdr* tracked) {
  std::vector<std::uint8_t> name;
  for (const auto type : {CTA_TUPLE_ORIG, CTA_ZONE})
    if (const auto* part = of(tracked, static_cast<std::uint16_t>(type))) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(part);
      name.insert(name.end(), bytes, bytes + MNL_ALIGN(part->nla_len));
    }
  return name;
}

Outcome<> forget(Netlink& netfilter, bool v6, const Bytes& name) {
  std::vector<char> buffer(sizeof(nlmsghdr) + sizeof(nfgenmsg) + name.size() + 64);
  auto* request = begin(buffer.data(), 1, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, v6);
  std::copy(name.begin(), name.end(), static_cast<char*>(mnl_nlmsg_get_payload_tail(request)));
  request->nlmsg_len += static_cast<std::uint32_t>(name.size());
  auto done = netfilter.ask("forgetting a connection of the container", request, [](const nlmsghdr*) {});
  return !done && done.error().code == ENOENT ? Outcome<>{} : done;  // it has ended this moment
}

/// The kernel picks them out from Linux 5.8 on; before, it lists all.
void put_filter(nlmsghdr* request, const Bytes& address) {
  constexpr std::uint32_t source = 1;  // CTA_FILTER_F_CTA_IP_SRC of net/netfilter/nf_internals.h
  auto* filter = mnl_attr_nest_start(request, CTA_FILTER);
  mnl_attr_put_u32(request, CTA_FILTER_ORIG_FLAGS, 0);
  mnl_attr_put_u32(request, CTA_FILTER_REPLY_FLAGS, source);
  mnl_attr_nest_end(request, filter);
  auto* tuple = mnl_attr_nest_start(request, CTA_TUPLE_REPLY);
  auto* ip = mnl_attr_nest_start(request, CTA_TUPLE_IP);
  mnl_attr_put(request, CTA_IP_V4_SRC, address.size(), address.data());
  mnl_attr_nest_end(request, ip);
  mnl_attr_nest_end(request, tuple);
}

/// Of the connections that the kernel tells of, those that are `wanted`.
Outcome<> forget_those(Netlink& netfilter, bool v6, const nlmsghdr* request,
                       const std::function<bool(const nlmsghdr*)>& wanted) {
  std::vector<Bytes> names;
  const auto listed =
      netfilter.ask("listing the container's connections", request, [&](const nlmsghdr* answer) {
        if (wanted(answer)) names.push_back(name_of(answer));
      });
  // EINVAL: a kernel without ctnetlink (nfnetlink_rcv_msg())
  if (!listed && listed.error().code != EINVAL) return listed;
  for (const auto& name : names) TRY(forget(netfilter, v6, name));
  return {};
}

Outcome<> forget_all(Netlink& netfilter, bool v6, const Bytes& address) {
  char buffer[256];
  auto* request = begin(buffer, 1, IPCTNL_MSG_CT_GET, NLM_F_DUMP, v6);
  // By an IPv6 address Linux 6.18 gives all but those that are wanted.
  if (!v6) put_filter(request, address);
  return forget_those(netfilter, v6, request,
                      [&](const nlmsghdr* tracked) { return leads_to(tracked, v6, address); });
}

/// Whether nothing translates it, and it is for one of the doors.
bool passes_by(const nlmsghdr* tracked, bool v6, const std::vector<Door>& doors) {
  const auto* status = of(tracked, CTA_STATUS);
  const auto* protocol = within(of(tracked, CTA_TUPLE_ORIG), CTA_TUPLE_PROTO);
  const auto* number = within(protocol, CTA_PROTO_NUM);
  const auto* port = within(protocol, CTA_PROTO_DST_PORT);
  if (!status || !number || !port || mnl_attr_get_u8(number) != IPPROTO_UDP) return false;
  if (ntohl(mnl_attr_get_u32(status)) & IPS_NAT_MASK) return false;
  const auto wanted = ntohs(mnl_attr_get_u16(port));
  return std::ranges::any_of(doors, [&](const Door& door) {
    return door.protocol == Protocol::udp && door.v6 == v6 && door.host.first <= wanted &&
           wanted <= door.host.last;
  });
}

}  // namespace

Outcome<> forget_tracked(Netlink& netfilter, const Target& target) {
  TRY(forget_all(netfilter, false, bytes_of(target.address)));
  const auto six = target.network.v6_of(target.address);
  return six ? forget_all(netfilter, true, Bytes(six->begin(), six->end())) : Outcome<>{};
}

Outcome<> forget_passing(Netlink& netfilter, const std::vector<Door>& doors) {
  for (const bool v6 : {false, true}) {
    const auto udp = [&](const Door& door) { return door.v6 == v6 && door.protocol == Protocol::udp; };
    if (std::ranges::none_of(doors, udp)) continue;
    char buffer[256];
    const auto* request = begin(buffer, 1, IPCTNL_MSG_CT_GET, NLM_F_DUMP, v6);
    TRY(forget_those(netfilter, v6, request,
                     [&](const nlmsghdr* tracked) { return passes_by(tracked, v6, doors); }));
  }
  return {};
}

}  // namespace lodger::netmode::bridge
