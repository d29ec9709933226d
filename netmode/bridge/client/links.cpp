#include "netmode/bridge/client/links.hpp"

#include <fmt/core.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "netmode/bridge/surroundings.hpp"

namespace lodger::netmode::bridge {
namespace {

template <class Body>
Body* begin(char* buffer, std::uint32_t sequence, std::uint16_t type, std::uint16_t flags,
            nlmsghdr*& header) {
  header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  return static_cast<Body*>(mnl_nlmsg_put_extra_header(header, sizeof(Body)));
}

constexpr std::uint16_t anew = NLM_F_CREATE | NLM_F_EXCL;

/// Attributes within attributes, of a link's kind.
template <class Fill>
void put_kind(nlmsghdr* header, const char* kind, Fill fill) {
  auto* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_str(header, IFLA_INFO_KIND, kind);
  auto* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
  fill();
  mnl_attr_nest_end(header, data);
  mnl_attr_nest_end(header, info);
}

void put_hardware_address(nlmsghdr* header, const Hardware& hardware) {
  mnl_attr_put(header, IFLA_ADDRESS, hardware.size(), hardware.data());
}

/// Without learning delays, since there is no other bridge to agree with; its hardware address is not that
/// of the port with the lowest one, which comes and goes.
void add_bridge(Batch& batch, const Network& network) {
  batch.add(fmt::format("making bridge {}", network.device), [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    begin<ifinfomsg>(buffer, sequence, RTM_NEWLINK, anew, header);
    mnl_attr_put_strz(header, IFLA_IFNAME, network.device.c_str());
    put_hardware_address(header, network.hardware);
    put_kind(header, "bridge", [&] {
      mnl_attr_put_u32(header, IFLA_BR_FORWARD_DELAY, 0);
      mnl_attr_put_u8(header, IFLA_BR_MCAST_SNOOPING, 0);
    });
  });
}

/// IFA_F_NODAD: nobody else can have it, and it is wanted now.
void add_address(Batch& batch, unsigned index, std::span<const std::uint8_t> address, int length,
                 const std::string& doing) {
  batch.add(doing, [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<ifaddrmsg>(buffer, sequence, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, header);
    const bool v4 = address.size() == sizeof(V4);
    body->ifa_family = v4 ? AF_INET : AF_INET6;
    body->ifa_prefixlen = static_cast<std::uint8_t>(length);
    body->ifa_index = index;
    body->ifa_flags = v4 ? 0 : IFA_F_NODAD;
    mnl_attr_put(header, IFA_LOCAL, address.size(), address.data());
    mnl_attr_put(header, IFA_ADDRESS, address.size(), address.data());
    if (!v4) return;
    const V4 length_mask = ~V4{0} >> length;
    V4 broadcast;
    std::memcpy(&broadcast, address.data(), sizeof broadcast);
    broadcast |= htonl(length_mask);
    mnl_attr_put(header, IFA_BROADCAST, sizeof broadcast, &broadcast);
  });
}

/// All addresses of one place in the network.
void add_addresses(Batch& batch, unsigned index, const Network& network, V4 address,
                   const std::string& doing) {
  const V4 raw = htonl(address);
  add_address(batch, index, {reinterpret_cast<const std::uint8_t*>(&raw), sizeof raw}, network.subnet.length,
              fmt::format("{} address {}", doing, to_text(address)));
  const auto six = network.v6_of(address);
  if (six) add_address(batch, index, *six, 64, fmt::format("{} address {}", doing, to_text(*six)));
}

void add_default_route(Batch& batch, std::span<const std::uint8_t> gateway) {
  batch.add("adding the container's default route", [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<rtmsg>(buffer, sequence, RTM_NEWROUTE, anew, header);
    body->rtm_family = gateway.size() == sizeof(V4) ? AF_INET : AF_INET6;
    body->rtm_table = RT_TABLE_MAIN;
    body->rtm_protocol = RTPROT_STATIC;
    body->rtm_scope = RT_SCOPE_UNIVERSE;
    body->rtm_type = RTN_UNICAST;
    mnl_attr_put(header, RTA_GATEWAY, gateway.size(), gateway.data());
  });
}

void add_up(Batch& batch, unsigned index, const std::string& doing) {
  batch.add(doing, [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<ifinfomsg>(buffer, sequence, RTM_NEWLINK, 0, header);
    body->ifi_index = static_cast<int>(index);
    body->ifi_flags = body->ifi_change = IFF_UP;
  });
}

/// Where br_netfilter hands frames to the rules, one that is led back to its sender leaves by the port that
/// it came from. It can be said once the port is one; within the same datagram, by its name.
void add_hairpin(Batch& batch, const std::string& port) {
  batch.add(fmt::format("letting {} send back", port), [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    begin<ifinfomsg>(buffer, sequence, RTM_NEWLINK, 0, header);
    mnl_attr_put_strz(header, IFLA_IFNAME, port.c_str());
    auto* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_str(header, IFLA_INFO_SLAVE_KIND, "bridge");
    auto* data = mnl_attr_nest_start(header, IFLA_INFO_SLAVE_DATA);
    mnl_attr_put_u8(header, IFLA_BRPORT_MODE, 1);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
  });
}

Outcome<unsigned> index_of(const std::string& device) {
  const unsigned index = ::if_nametoindex(device.c_str());
  if (index == 0) return std::unexpected(explain(fmt::format("looking for device {}", device), {"", errno}));
  return index;
}

Outcome<> send(Netlink& route, Batch batch) {
  batch.confirm_last();
  return route.commit(std::move(batch));
}

}  // namespace

Outcome<> make_bridge(Netlink& route, const Network& network) {
  const auto whose = TRY(whose_device(network));
  if (whose == Whose::ours) return {};
  if (whose == Whose::others)
    return refuse(
        "the device is somebody else's by now, as its hardware address tells; once the network's containers "
        "are deleted, the next one gets another device",
        EEXIST);
  Batch device;
  add_bridge(device, network);
  return send(route, std::move(device));
}

Outcome<> give_addresses(Netlink& route, const Network& network) {
  Batch addresses;
  add_addresses(addresses, TRY(index_of(network.device)), network, network.gateway(),
                fmt::format("giving {} its", network.device));
  return send(route, std::move(addresses));
}

Outcome<> set_up(Netlink& route, const std::string& device) {
  Batch batch;
  add_up(batch, TRY(index_of(device)), fmt::format("setting up {}", device));
  return send(route, std::move(batch));
}

Outcome<> remove_bridge(Netlink& route, const Network& network) {
  const unsigned index = TRY(index_of(network.device));
  Batch batch;
  batch.add(fmt::format("removing bridge {}", network.device), [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<ifinfomsg>(buffer, sequence, RTM_DELLINK, 0, header);
    body->ifi_index = static_cast<int>(index);
  });
  return send(route, std::move(batch));
}

Outcome<> make_pair(Netlink& route, const Network& network, V4 address,
                    const kernel::Fd<kernel::Namespace>& ns) {
  const unsigned bridge = TRY(index_of(network.device));
  const auto name = pair_name(address);
  Batch batch;
  batch.add(fmt::format("making the pair of {} and eth0", name), [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<ifinfomsg>(buffer, sequence, RTM_NEWLINK, anew, header);
    body->ifi_flags = body->ifi_change = IFF_UP;
    mnl_attr_put_strz(header, IFLA_IFNAME, name.c_str());
    mnl_attr_put_u32(header, IFLA_MASTER, bridge);
    put_kind(header, "veth", [&] {
      auto* peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
      mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
      mnl_attr_put_strz(header, IFLA_IFNAME, "eth0");
      mnl_attr_put_u32(header, IFLA_NET_NS_FD, static_cast<std::uint32_t>(ns.get()));
      put_hardware_address(header, hardware_address(address));
      mnl_attr_nest_end(header, peer);
    });
  });
  add_hairpin(batch, name);
  return send(route, std::move(batch));
}

Outcome<> set_up_inside(Netlink& route, const Network& network, V4 address) {
  Batch batch;
  add_up(batch, TRY(index_of("lo")), "setting up the container's loopback");
  const unsigned device = TRY(index_of("eth0"));
  add_addresses(batch, device, network, address, "giving the container its");
  add_up(batch, device, "setting up the container's eth0");
  const V4 gateway = htonl(network.gateway());
  add_default_route(batch, {reinterpret_cast<const std::uint8_t*>(&gateway), sizeof gateway});
  if (const auto six = network.gateway6()) add_default_route(batch, *six);
  return send(route, std::move(batch));
}

namespace {

int take_kind(const nlattr* attribute, void* into) {
  if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
    static_cast<Link*>(into)->kind = mnl_attr_get_str(attribute);
  return MNL_CB_OK;
}

int take_part(const nlattr* attribute, void* into) {
  auto& link = *static_cast<Link*>(into);
  if (mnl_attr_get_type(attribute) == IFLA_IFNAME) link.name = mnl_attr_get_str(attribute);
  if (mnl_attr_get_type(attribute) == IFLA_IFALIAS) link.alias = mnl_attr_get_str(attribute);
  if (mnl_attr_get_type(attribute) == IFLA_LINKINFO) mnl_attr_parse_nested(attribute, take_kind, into);
  return MNL_CB_OK;
}

}  // namespace

Outcome<> each_link(Netlink& route, const std::function<void(const Link&)>& visit) {
  char buffer[256];
  nlmsghdr* request = nullptr;
  begin<ifinfomsg>(buffer, 1, RTM_GETLINK, NLM_F_DUMP, request);
  return route.ask("listing the host's devices", request, [&](const nlmsghdr* answer) {
    Link link;
    link.up = (static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(answer))->ifi_flags & IFF_UP) != 0;
    if (answer->nlmsg_type == RTM_NEWLINK && mnl_attr_parse(answer, sizeof(ifinfomsg), take_part, &link) >= 0)
      visit(link);
  });
}

Outcome<std::set<std::string>> bridges(Netlink& route) {
  std::set<std::string> names;
  TRY(each_link(route, [&](const Link& link) {
    if (link.is_bridge()) names.emplace(link.name);
  }));
  return names;
}

Outcome<> set_alias(Netlink& route, const std::string& device, const std::string& alias) {
  const unsigned index = TRY(index_of(device));
  Batch batch;
  batch.add(fmt::format("giving {} an alias", device), [&](char* buffer, std::uint32_t sequence) {
    nlmsghdr* header = nullptr;
    auto* body = begin<ifinfomsg>(buffer, sequence, RTM_NEWLINK, 0, header);
    body->ifi_index = static_cast<int>(index);
    mnl_attr_put_strz(header, IFLA_IFALIAS, alias.c_str());
  });
  return send(route, std::move(batch));
}

Outcome<std::set<std::string>> addressed_devices(Netlink& route, bool v6) {
  char buffer[256];
  nlmsghdr* request = nullptr;
  auto* body = begin<ifaddrmsg>(buffer, 1, RTM_GETADDR, NLM_F_DUMP, request);
  body->ifa_family = v6 ? AF_INET6 : AF_INET;
  std::set<std::string> names;
  TRY(route.ask("listing the host's addresses", request, [&](const nlmsghdr* answer) {
    const auto* address = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(answer));
    char name[IF_NAMESIZE];
    if (answer->nlmsg_type == RTM_NEWADDR && address->ifa_scope == RT_SCOPE_UNIVERSE &&
        ::if_indextoname(address->ifa_index, name))
      names.emplace(name);
  }));
  return names;
}

}  // namespace lodger::netmode::bridge
