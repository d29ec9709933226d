#include "netmode/ports/sockets.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/file.hpp"

namespace lodger::netmode::ports {
namespace {

using kernel::netlink::Socket;
using Span = kernel::sock_diag::Ports;

constexpr std::string_view asking = "asking the kernel which ports are taken";

int number_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp: return IPPROTO_TCP;
    case Protocol::udp: return IPPROTO_UDP;
    case Protocol::sctp: return IPPROTO_SCTP;
  }
  __builtin_unreachable();
}

std::vector<Span> sorted(Ranges ranges) {
  std::vector<Span> all;
  for (const auto& range : ranges) all.push_back({range.first, range.last});
  std::ranges::sort(all, {}, &Span::first);
  std::vector<Span> disjoint;
  for (const auto& next : all)
    if (!disjoint.empty() && next.first <= disjoint.back().last)
      disjoint.back().last = std::max(disjoint.back().last, next.last);
    else
      disjoint.push_back(next);
  return disjoint;
}

Held held_by(Protocol protocol, const kernel::sock_diag::Socket& socket) {
  Held held;
  held.protocol = protocol;
  held.address = {socket.family == AF_INET6, socket.address, socket.v6only};
  held.port = socket.port;
  held.connected = socket.state == TCP_ESTABLISHED;
  held.uid = socket.uid;
  held.inode = socket.inode;
  held.cgroup = socket.cgroup;
  return held;
}

/// Asked for its sockets, the kernel would load SCTP, which many a host is better without.
bool sctp_in_use() { return kernel::faccessat(kernel::cwd, "/proc/net/sctp", F_OK).has_value(); }

Failure missing(Protocol protocol, const Failure& why) {
  const std::string_view modules[] = {"inet_diag and tcp_diag", "inet_diag and udp_diag",
                                      "inet_diag and sctp_diag"};
  return {fmt::format("{} (the kernel lacks its modules {}: load them, or build them in)", why.text,
                      modules[static_cast<int>(protocol)]),
          why.code};
}

}  // namespace

Outcome<Stack> Stack::open() { return Stack(TRY(explained(Socket::open(NETLINK_SOCK_DIAG), asking))); }

Outcome<Stack> Stack::open(const kernel::Fd<kernel::Namespace>& network,
                           const kernel::Fd<kernel::Process>& process) {
  auto socket = Socket::open_in(network, NETLINK_SOCK_DIAG);
  if (!socket && socket.error().code == EPERM) socket = Socket::open_through(process, NETLINK_SOCK_DIAG);
  return Stack(TRY(explained(std::move(socket), "entering the container's network namespace")));
}

Outcome<std::vector<Held>> Stack::held(Protocol protocol, Ranges ranges) {
  namespace diag = kernel::sock_diag;
  if (protocol == Protocol::sctp && !sctp_in_use()) return std::vector<Held>();
  const auto ports = sorted(ranges);
  const auto states = protocol == Protocol::udp ? diag::bound_datagrams : diag::listening;
  std::vector<Held> all;
  for (const int family : {AF_INET, AF_INET6}) {
    const auto found = diag::dump(socket_, {family, number_of(protocol), states, ports}, asking);
    if (!found && found.error().code == ENOENT) return std::unexpected(missing(protocol, found.error()));
    if (!found) return std::unexpected(found.error());
    for (const auto& socket : *found) all.push_back(held_by(protocol, socket));
  }
  return all;
}

Outcome<std::vector<Held>> Stack::held() {
  auto all = TRY(held(Protocol::tcp));
  for (const auto protocol : {Protocol::udp, Protocol::sctp})
    for (const auto& more : TRY(held(protocol))) all.push_back(more);
  return all;
}

}  // namespace lodger::netmode::ports
