#include "netmode/proxy/program/datagrams.hpp"

#include <algorithm>
#include <cstring>

namespace lodger::netmode::proxy {
namespace {

in6_addr mapped(in_addr v4) {
  in6_addr out{};
  out.s6_addr[10] = out.s6_addr[11] = 0xff;
  std::memcpy(out.s6_addr + 12, &v4, sizeof v4);
  return out;
}
in_addr unmapped(const in6_addr& v6) {
  in_addr out;
  std::memcpy(&out, v6.s6_addr + 12, sizeof out);
  return out;
}

/// The message about which address a datagram came to, or is to come from.
union Control {
  cmsghdr head;
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
};
template <class Info>
std::size_t write(Control& control, int level, int type, const Info& info) {
  std::memset(&control, 0, sizeof control);
  control.head.cmsg_level = level;
  control.head.cmsg_type = type;
  control.head.cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(&control.head), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

template <class Info>
Info content(const cmsghdr* head) {
  Info info;
  std::memcpy(&info, CMSG_DATA(head), sizeof info);
  return info;
}

/// A v4 client of a socket of both families gets both messages: IPv4's comes first, and has the address that
/// is good for a reply to a broadcast, too.
void read_destination(Speaker& speaker, const msghdr& message) {
  bool known = false;
  for (const cmsghdr* head = CMSG_FIRSTHDR(&message); head;
       head = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(head))) {
    if (head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_PKTINFO) {
      speaker.ours = mapped(content<in_pktinfo>(head).ipi_spec_dst);
      known = true;
    } else if (head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_PKTINFO && !known) {
      const auto info = content<in6_pktinfo>(head);
      speaker.ours = info.ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) speaker.interface = info.ipi6_ifindex;
    }
  }
}

}  // namespace

unsigned Datagrams::receive(int socket) {
  for (unsigned i = 0; i < most; ++i) {
    parts_[i] = {bytes_[i], longest};
    messages_[i] = {};
    messages_[i].msg_hdr = {&from_[i], sizeof from_[i], &parts_[i], 1, control_[i], sizeof control_[i], 0};
  }
  const auto came = kernel::receive_many(socket, messages_, most).value_or(0);
  for (unsigned i = 0; i < came; ++i) parts_[i].iov_len = messages_[i].msg_len;
  return came;
}

Speaker Datagrams::speaker(unsigned i, std::uint32_t door) const {
  const auto& from = from_[i];
  Speaker speaker;
  speaker.door = door;
  speaker.client = from.as_v6();
  speaker.port = from.port();
  if (from.family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&from.v6.sin6_addr))
    speaker.interface = from.v6.sin6_scope_id;
  read_destination(speaker, messages_[i].msg_hdr);
  return speaker;
}

void Datagrams::send(int socket, unsigned first, unsigned last) {
  for (unsigned i = first; i < last; ++i) messages_[i].msg_hdr = {nullptr, 0, &parts_[i], 1, nullptr, 0, 0};
  send_all(socket, first, last);
}

void Datagrams::send_to(int socket, unsigned count, const Speaker& who, int family) {
  kernel::Endpoint to(who.client, who.port);
  if (family == AF_INET) to = {unmapped(who.client), who.port};
  if (family == AF_INET6) to.v6.sin6_scope_id = who.interface;
  Control control;
  const auto size = family == AF_INET
                        ? write(control, IPPROTO_IP, IP_PKTINFO, in_pktinfo{0, unmapped(who.ours), {}})
                        : write(control, IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo{who.ours, who.interface});
  for (unsigned i = 0; i < count; ++i)
    messages_[i].msg_hdr = {&to, to.size(), &parts_[i], 1, &control, size, 0};
  send_all(socket, 0, count);
}

/// A datagram that cannot go is lost, as datagrams are. But an error may be an older one's that the socket
/// kept (ICMP's "port unreachable"), and is told in place of sending: hence once more.
void Datagrams::send_all(int socket, unsigned first, unsigned last) {
  bool again = true;
  while (first < last) {
    const auto went = kernel::send_many(socket, messages_ + first, last - first);
    first += went ? *went : !again;
    again = went.has_value() || !again;
  }
}

}  // namespace lodger::netmode::proxy
