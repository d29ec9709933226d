// Unix sockets: whole datagrams, and descriptors with them. unix(7), recvmsg(2), cmsg(3).
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "kernel/file.hpp"

namespace lodger::kernel {

/// The most descriptors that one message carries: SCM_MAX_FD of the kernel.
inline constexpr std::size_t most_fds = 253;

struct SocketPair {
  Fd<Socket> ours, theirs;
};
inline Result<SocketPair> socket_pair(int type) {
  int fds[2];
  TRY(done("socketpair", __NR_socketpair, AF_UNIX, type | SOCK_CLOEXEC, 0, fds));
  return SocketPair{Fd<Socket>(fds[0]), Fd<Socket>(fds[1])};
}
inline Result<Fd<Socket>> unix_socket(int type) {
  return opened<Socket>("socket", __NR_socket, AF_UNIX, type | SOCK_CLOEXEC, 0);
}

/// A pathname address; ENAMETOOLONG when the path does not fit into sun_path.
inline Result<sockaddr_un> unix_address(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::size_t n = 0;
  for (; path[n]; ++n) {
    if (n + 1 == sizeof address.sun_path) return fail("unix address", ENAMETOOLONG);
    address.sun_path[n] = path[n];
  }
  return address;
}
inline Result<> bind(const Fd<Socket>& socket, const sockaddr_un& address) {
  return done("bind", __NR_bind, socket.get(), &address, sizeof address);
}
/// `size` is shorter for an abstract name, which ends with it.
inline Result<> connect(const Fd<Socket>& socket, const sockaddr_un& address,
                        socklen_t size = sizeof(sockaddr_un)) {
  TRY(restarted("connect", __NR_connect, socket.get(), &address, size));
  return {};
}
/// setsockopt(2), SO_SNDTIMEO: a connect and each send wait no longer, and fail with EAGAIN then (socket(7)).
inline Result<> limit_sending(const Fd<Socket>& socket, long seconds) {
  const timeval limit{seconds, 0};
  return done("setsockopt", __NR_setsockopt, socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}
inline Result<> listen(const Fd<Socket>& socket, int backlog) {
  return done("listen", __NR_listen, socket.get(), backlog);
}
inline Result<Fd<Socket>> accept(const Fd<Socket>& socket) {
  return opened<Socket>("accept4", __NR_accept4, socket.get(), nullptr, nullptr, SOCK_CLOEXEC);
}

/// One sendmsg(2) with `data` and at most most_fds descriptors: how many bytes it took, all of a datagram.
/// Never raises SIGPIPE.
inline Result<std::size_t> send_some(int socket, std::span<const char> data, std::span<const int> fds) {
  iovec part{const_cast<char*>(data.data()), data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(head), fds.data(), fds.size_bytes());
  }
  return static_cast<std::size_t>(TRY(restarted("sendmsg", __NR_sendmsg, socket, &message, MSG_NOSIGNAL)));
}
/// A datagram.
inline Result<> send(int socket, std::span<const char> data, std::span<const int> fds = {}) {
  TRY(send_some(socket, data, fds));
  return {};
}
/// All of `data` into a stream; the descriptors go with its first bytes.
inline Result<> send_stream(int socket, std::span<const char> data, std::span<const int> fds = {}) {
  for (; !data.empty(); fds = {}) data = data.subspan(TRY(send_some(socket, data, fds)));
  return {};
}

/// What one recvmsg(2) brought: `size` bytes (0: the other end is closed) and `fds` descriptors.
struct Received {
  std::size_t size = 0, fds = 0;
};
/// Receives one message; descriptors are close-on-exec and the caller's to own. More of them than `fds` has
/// room for is an error.
inline Result<Received> receive(int socket, std::span<char> data, std::span<int> fds = {}) {
  iovec part{data.data(), data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = fds.empty() ? nullptr : control;
  message.msg_controllen = fds.empty() ? 0 : CMSG_SPACE(fds.size_bytes());
  const auto n = TRY(restarted("recvmsg", __NR_recvmsg, socket, &message, MSG_CMSG_CLOEXEC));
  Received got{static_cast<std::size_t>(n), 0};
  if (message.msg_flags & MSG_CTRUNC) return fail("recvmsg", EMFILE);
  if (cmsghdr* head = CMSG_FIRSTHDR(&message); head && head->cmsg_type == SCM_RIGHTS) {
    got.fds = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (got.fds > fds.size()) return fail("recvmsg", EMFILE);
    std::memcpy(fds.data(), CMSG_DATA(head), got.fds * sizeof(int));
  }
  return got;
}

}  // namespace lodger::kernel
