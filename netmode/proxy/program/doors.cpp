#include "netmode/proxy/program/doors.hpp"

#include <cstring>

#include "kernel/socket.hpp"
#include "netmode/proxy/program/tags.hpp"

namespace lodger::netmode::proxy {
namespace {

using kernel::Endpoint;
using kernel::turn_on;
using Socket = kernel::Fd<kernel::Socket>;

constexpr int backlog = 65535;  // the kernel cuts it down to net.core.somaxconn

Endpoint place(const Row& row, Reach reach, std::uint16_t port) {
  if (reach == Reach::both) return {in6addr_any, port};
  in_addr v4{};
  in6_addr v6{};
  if (row.reach != Reach::both) {
    std::memcpy(&v4, row.address, sizeof v4);
    std::memcpy(&v6, row.address, sizeof v6);
  }
  return reach == Reach::v4 ? Endpoint(v4, port) : Endpoint(v6, port);
}

/// What connections inherit from the socket that they come in by: tcp(7), socket(7).
kernel::Result<> prepare_tcp(int socket) {
  TRY(turn_on(socket, SOL_SOCKET, SO_REUSEADDR));    // connections of the last owner, in TIME_WAIT
  TRY(turn_on(socket, SOL_SOCKET, SO_KEEPALIVE));    // a client that is gone for good is found out
  TRY(turn_on(socket, SOL_SOCKET, SO_OOBINLINE));    // splice(2) would leave urgent data out
  return turn_on(socket, IPPROTO_TCP, TCP_NODELAY);  // the ends decide how much is a packet
}

/// Which of the host's addresses a datagram came to, so that the reply comes from there.
kernel::Result<> prepare_udp(int socket, Reach reach) {
  if (reach != Reach::v6) TRY(turn_on(socket, IPPROTO_IP, IP_PKTINFO));
  return reach == Reach::v4 ? kernel::Result<>{} : turn_on(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

kernel::Result<Socket> open_socket(const Row& row, Reach reach, std::uint16_t port) {
  const bool tcp = row.protocol == Protocol::tcp;
  auto socket =
      TRY(kernel::inet_socket(reach == Reach::v4 ? AF_INET : AF_INET6, tcp ? SOCK_STREAM : SOCK_DGRAM));
  const int v6_only = reach == Reach::v6;
  if (reach != Reach::v4) TRY(kernel::set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, v6_only));
  TRY(tcp ? prepare_tcp(socket.get()) : prepare_udp(socket.get(), reach));
  TRY(kernel::bind(socket, place(row, reach, port)));
  if (tcp) TRY(kernel::listen(socket, backlog));
  return socket;
}

/// A host without IPv6 reaches all its addresses by IPv4.
kernel::Result<Door> open_door(const Row& row, std::uint16_t port, std::uint16_t container_port) {
  auto reach = row.reach;
  auto socket = open_socket(row, reach, port);
  if (!socket && socket.error().code == EAFNOSUPPORT && reach == Reach::both) {
    reach = Reach::v4;
    socket = open_socket(row, reach, port);
  }
  return Door{TRY(std::move(socket)), container_port, row.protocol, reach};
}

}  // namespace

std::expected<std::uint16_t, Stuck> Doors::open_one(const Row& row, std::uint32_t i) {
  const auto container_port = static_cast<std::uint16_t>(row.container.first + i);
  const bool first_free = row.host.first != 0 && leaves_choice(row);
  auto port = static_cast<std::uint16_t>(row.host.first == 0 ? 0 : row.host.first + i);
  auto door = open_door(row, port, container_port);
  while (first_free && !door && door.error().code == EADDRINUSE && port != row.host.last)
    door = open_door(row, ++port, container_port);
  if (!door) return std::unexpected(Stuck{door.error(), port});
  const auto own =
      port ? Endpoint(in6addr_any, port) : kernel::own_endpoint(door->socket.get()).value_or(Endpoint());
  const auto full = Stuck{{"table of ports", ENOSPC}, port};
  if (doors_.add(std::move(*door)) == none) return std::unexpected(full);
  return own.port();
}

kernel::Result<> Doors::watch(const kernel::Fd<kernel::Watch>& loop) {
  watch_ = TRY(kernel::epoll());
  for (std::uint32_t i = 1; i <= doors_.count(); ++i) {
    const bool tcp = doors_[i].protocol == Protocol::tcp;
    TRY(kernel::watch(tcp ? watch_ : loop, doors_[i].socket.get(), EPOLLIN, packed(Source::door, i)));
  }
  return kernel::watch(loop, watch_.get(), EPOLLIN, packed(Source::doors));
}

void Doors::pause(const kernel::Fd<kernel::Watch>& loop) {
  paused_ = paused_ || kernel::unwatch(loop, watch_.get()).has_value();
}

void Doors::resume(const kernel::Fd<kernel::Watch>& loop) {
  paused_ = paused_ && !kernel::watch(loop, watch_.get(), EPOLLIN, packed(Source::doors));
}

void Doors::close_all() {
  for (std::uint32_t i = 1, all = doors_.count(); i <= all; ++i) doors_[i].socket = {};
  watch_ = {};
  paused_ = false;
  closed_ = true;
}

std::span<const epoll_event> Doors::waiting(std::span<epoll_event> into) const {
  return into.first(kernel::events(watch_, into, 0).value_or(0));
}

}  // namespace lodger::netmode::proxy
