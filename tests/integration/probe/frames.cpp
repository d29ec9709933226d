// Below layer 4: frames that are sent, and what comes by on a device. packet(7).
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

constexpr std::uint16_t experiment = 0x88b5;  // IEEE 802's, for experiments of one's own

int packet_socket(const char* device, std::uint16_t type) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(type));
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(type);
  at.sll_ifindex = static_cast<int>(if_nametoindex(device));
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) < 0) return -1;
  return fd;
}

/// To everybody on the link: one of a type that nobody knows, and an ARP request.
struct [[gnu::packed]] Frame {
  ether_header head{};
  ether_arp arp{};
  Frame(std::uint16_t type, const char* address) {
    std::memset(head.ether_dhost, 0xff, ETH_ALEN);
    head.ether_shost[0] = 2;  // locally administered
    head.ether_type = htons(type);
    arp.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)};
    inet_pton(AF_INET, address, arp.arp_tpa);
  }
};

/// frame DEVICE ADDRESS: both frames; frame.errno
void frame(Words w) {
  const int fd = packet_socket(w[0], ETH_P_ALL);
  for (const std::uint16_t type : {experiment, std::uint16_t{ETHERTYPE_ARP}}) {
    const Frame one(type, w[1]);
    const auto sent = send(fd, &one, sizeof one, 0);
    if (sent < 0 || type == ETHERTYPE_ARP) return say_errno("frame", sent);
  }
}

struct Datagram {
  std::string to;
  std::uint16_t port = 0;
};

/// Of an IPv4 or IPv6 packet without options or extensions; no port where it has something else.
Datagram datagram_in(std::uint16_t type, const unsigned char* packet, std::size_t size) {
  Datagram out;
  char text[INET6_ADDRSTRLEN] = "";
  const bool v6 = type == ETHERTYPE_IPV6;
  const std::size_t head = v6 ? 40 : 20;
  if ((type != ETHERTYPE_IP && !v6) || size < head + 8 || packet[v6 ? 6 : 9] != IPPROTO_UDP) return out;
  inet_ntop(v6 ? AF_INET6 : AF_INET, packet + (v6 ? 24 : 16), text, sizeof text);
  out.to = text;
  out.port = static_cast<std::uint16_t>(packet[head + 2] << 8 | packet[head + 3]);
  return out;
}

/// capture DEVICE: frame= for each that comes, "experiment", "arp ADDRESS", "datagram ADDRESS PORT" or its
/// type.
void capture(Words w) {
  const int fd = packet_socket(w[0], ETH_P_ALL);
  say_errno("capturing", fd);
  if (fd < 0) return;
  for (;;) {
    unsigned char bytes[2048];
    const auto n = recv(fd, bytes, sizeof bytes, 0);
    if (n < static_cast<ssize_t>(sizeof(ether_header))) continue;
    const auto type = static_cast<std::uint16_t>(bytes[12] << 8 | bytes[13]);
    const auto* packet = bytes + sizeof(ether_header);
    const auto size = static_cast<std::size_t>(n) - sizeof(ether_header);
    char asked[INET_ADDRSTRLEN] = "";
    if (type == ETHERTYPE_ARP && size >= sizeof(ether_arp))
      inet_ntop(AF_INET, packet + offsetof(ether_arp, arp_tpa), asked, sizeof asked);
    const auto datagram = datagram_in(type, packet, size);
    if (type == experiment)
      say("frame", "experiment");
    else if (*asked != 0)
      say("frame", std::string("arp ") + asked);
    else if (datagram.port != 0)
      say("frame", "datagram " + datagram.to + " " + std::to_string(datagram.port));
    else
      say("frame", type);
  }
}

constexpr Verb verbs[] = {{"frame", 2, frame}, {"capture", 1, capture}};

}  // namespace

std::span<const Verb> frame_verbs() { return verbs; }

}  // namespace probe
