// Sockets of IPv4 and IPv6, none of which ever waits. ip(7), ipv6(7), tcp(7), udp(7).
#pragma once
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// An address of either family, with a port.
struct Endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };

  Endpoint() : v6{} {}
  Endpoint(in_addr address, std::uint16_t port) : v6{} {
    v4.sin_family = AF_INET;
    v4.sin_addr = address;
    v4.sin_port = htons(port);
  }
  Endpoint(const in6_addr& address, std::uint16_t port) : v6{} {
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = address;
    v6.sin6_port = htons(port);
  }

  int family() const { return any.sa_family; }
  socklen_t size() const { return family() == AF_INET ? sizeof v4 : sizeof v6; }
  std::uint16_t port() const { return ntohs(family() == AF_INET ? v4.sin_port : v6.sin6_port); }
  /// Of IPv4, also where a socket of both families gives it as ::ffff:a.b.c.d.
  bool is_v4() const { return family() == AF_INET || IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr); }
  /// The address alone, IPv4's as ::ffff:a.b.c.d.
  in6_addr as_v6() const {
    if (family() != AF_INET) return v6.sin6_addr;
    in6_addr out{};
    out.s6_addr[10] = out.s6_addr[11] = 0xff;
    std::memcpy(out.s6_addr + 12, &v4.sin_addr, sizeof v4.sin_addr);
    return out;
  }
};

/// `type`: SOCK_STREAM or SOCK_DGRAM.
inline Result<Fd<Socket>> inet_socket(int family, int type) {
  return opened<Socket>("socket", __NR_socket, family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// setsockopt(2)
template <class T>
inline Result<> set_option(int socket, int level, int option, const T& value) {
  return done("setsockopt", __NR_setsockopt, socket, level, option, &value, sizeof value);
}
inline Result<> turn_on(int socket, int level, int option) { return set_option(socket, level, option, 1); }

inline Result<> bind(const Fd<Socket>& socket, const Endpoint& to) {
  return done("bind", __NR_bind, socket.get(), &to.any, to.size());
}
/// EINPROGRESS: it goes on, and its end makes the socket writable (connect(2)).
inline Result<> connect(const Fd<Socket>& socket, const Endpoint& to) {
  return done("connect", __NR_connect, socket.get(), &to.any, to.size());
}
/// What the socket is bound to: getsockname(2).
inline Result<Endpoint> own_endpoint(int socket) {
  Endpoint own;
  socklen_t size = sizeof own;
  TRY(done("getsockname", __NR_getsockname, socket, &own.any, &size));
  return own;
}

/// The next connection, and who made it. EAGAIN: there is none.
struct Accepted {
  Fd<Socket> socket;
  Endpoint peer;
};
inline Result<Accepted> accept_inet(int socket) {
  Accepted accepted;
  socklen_t size = sizeof accepted.peer;
  accepted.socket = TRY(opened<Socket>("accept4", __NR_accept4, socket, &accepted.peer.any, &size,
                                       SOCK_CLOEXEC | SOCK_NONBLOCK));
  return accepted;
}

/// shutdown(2): SHUT_WR tells the peer that no more will come.
inline Result<> shutdown(int socket, int how) { return done("shutdown", __NR_shutdown, socket, how); }
/// The close that follows resets the connection: the peer learns that something went wrong. SO_LINGER.
inline Result<> reset_on_close(int socket) { return set_option(socket, SOL_SOCKET, SO_LINGER, linger{1, 0}); }

/// recvmmsg(2), sendmmsg(2): how many datagrams came or went; an error only where the first failed.
inline Result<unsigned> receive_many(int socket, mmsghdr* messages, unsigned count) {
  return static_cast<unsigned>(
      TRY(restarted("recvmmsg", __NR_recvmmsg, socket, messages, count, MSG_DONTWAIT, nullptr)));
}
inline Result<unsigned> send_many(int socket, mmsghdr* messages, unsigned count) {
  return static_cast<unsigned>(
      TRY(restarted("sendmmsg", __NR_sendmmsg, socket, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL)));
}

}  // namespace lodger::kernel
