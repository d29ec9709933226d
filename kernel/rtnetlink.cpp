#include "kernel/rtnetlink.hpp"

#include <linux/if.h>
#include <linux/if_link.h>

namespace lodger::kernel::netlink {
namespace {

// include/uapi/linux/if_link.h of Linux 6.14
constexpr std::uint16_t netns_immutable = 67;

ifinfomsg link_header(int index) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  return header;
}

Outcome<Link> link_of(const Message& message, std::string_view doing) {
  const auto header = message.body<ifinfomsg>();
  if (!header || message.type() != RTM_NEWLINK)
    return refuse(std::string(doing) + ": a strange answer", EBADMSG);
  Link link;
  link.index = header->ifi_index;
  link.flags = header->ifi_flags;
  for (const auto& attribute : message.attributes_after<ifinfomsg>()) {
    if (attribute.type == IFLA_IFNAME) link.name = attribute.text();
    if (attribute.type == netns_immutable) link.immovable = attribute.number<std::uint8_t>() != 0;
  }
  return link;
}

/// The lifetimes alone: the kernel writes the time stamps itself.
std::vector<char> lifetimes(const Attribute& attribute) {
  auto info = attribute.number<ifa_cacheinfo>();
  info.cstamp = info.tstamp = 0;
  const auto* bytes = reinterpret_cast<const char*>(&info);
  return {bytes, bytes + sizeof info};
}

Address address_of(const ifaddrmsg& header, const Message& message) {
  Address address;
  address.header = header;
  address.flags = header.ifa_flags;
  for (const auto& attribute : message.attributes_after<ifaddrmsg>()) {
    const auto bytes = attribute.payload;
    switch (attribute.type) {
      case IFA_FLAGS: address.flags = attribute.number<std::uint32_t>(); break;
      case IFA_LABEL: address.label = attribute.text(); break;
      case IFA_CACHEINFO: address.parts.push_back({IFA_CACHEINFO, lifetimes(attribute)}); break;
      case IFA_ADDRESS:
      case IFA_LOCAL:
      case IFA_BROADCAST:
      case IFA_RT_PRIORITY:
      case IFA_PROTO: address.parts.push_back({attribute.type, {bytes.begin(), bytes.end()}}); break;
      default: break;  // anycast and multicast addresses come by themselves
    }
  }
  return address;
}

}  // namespace

Outcome<Link> Links::find(const std::string& name, std::string_view doing) {
  Request request(RTM_GETLINK, link_header(0));
  request.add_text(IFLA_IFNAME, name);
  return link_of(TRY(socket_.get(std::move(request), doing)), doing);
}

Outcome<Link> Links::find(int index, std::string_view doing) {
  return link_of(TRY(socket_.get(Request(RTM_GETLINK, link_header(index)), doing)), doing);
}

Outcome<std::vector<Address>> Links::addresses(int index, std::string_view doing) {
  ifaddrmsg wanted{};
  wanted.ifa_index = static_cast<unsigned>(index);
  std::vector<Address> found;
  for (const auto& message : TRY(socket_.dump(Request(RTM_GETADDR, wanted), doing)))
    if (const auto header = message.body<ifaddrmsg>();
        header && message.type() == RTM_NEWADDR && header->ifa_index == wanted.ifa_index)
      found.push_back(address_of(*header, message));
  return found;
}

Outcome<> Links::move(int index, const Fd<Namespace>& network, const std::string& name,
                      std::string_view doing) {
  Request request(RTM_SETLINK, link_header(index));
  request.add_number(IFLA_NET_NS_FD, network.get());
  request.add_text(IFLA_IFNAME, name);
  return socket_.change(std::move(request), doing);
}

Outcome<> Links::rename(int index, const std::string& name, std::string_view doing) {
  Request request(RTM_SETLINK, link_header(index));
  request.add_text(IFLA_IFNAME, name);
  return socket_.change(std::move(request), doing);
}

Outcome<> Links::set_up(int index, std::string_view doing) {
  auto header = link_header(index);
  header.ifi_flags = header.ifi_change = IFF_UP;
  return socket_.change(Request(RTM_SETLINK, header), doing);
}

Outcome<> Links::add_address(int index, const Address& address, std::string_view doing) {
  auto header = address.header;
  header.ifa_index = static_cast<unsigned>(index);
  header.ifa_flags = static_cast<std::uint8_t>(address.flags);
  Request request(RTM_NEWADDR, header, NLM_F_CREATE | NLM_F_REPLACE);
  for (const auto& part : address.parts) request.add(part.type, part.payload);
  request.add_number(IFA_FLAGS, address.flags);
  if (!address.label.empty()) request.add_text(IFA_LABEL, address.label);
  return socket_.change(std::move(request), doing);
}

}  // namespace lodger::kernel::netlink
