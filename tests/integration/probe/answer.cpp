// A server for any number of sockets and clients: what came to it, and from where.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "probe.hpp"

namespace probe {
namespace {

struct Socket {
  std::string name;  // "STACK ADDRESS PORT"
  bool listens = false, datagrams = false;
};

/// Those of `stand`, for `answer`.
struct Stands {
  std::vector<Socket> sockets;
  std::vector<pollfd> polled;
  void add(int fd, Socket socket) {
    sockets.push_back(std::move(socket));
    polled.push_back({fd, POLLIN, 0});
  }
};
Stands& stands() {
  static Stands all;
  return all;
}

/// stand STACK ADDRESS PORT: a socket there, which `answer` will serve; says stand:STACK:ADDRESS:PORT.errno.
void stand(Words w) {
  const std::string_view stack = w[0];
  const bool v6 = stack.ends_with('6'), datagrams = stack.starts_with("udp");
  const int fd = socket(v6 ? AF_INET6 : AF_INET, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (!datagrams) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (v6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_storage at{};
  auto* four = reinterpret_cast<sockaddr_in*>(&at);
  auto* six = reinterpret_cast<sockaddr_in6*>(&at);
  at.ss_family = v6 ? AF_INET6 : AF_INET;
  four->sin_port = htons(static_cast<std::uint16_t>(number(w[2])));  // at the same place in sockaddr_in6
  void* address = v6 ? static_cast<void*>(&six->sin6_addr) : &four->sin_addr;
  if (inet_pton(at.ss_family, w[1], address) != 1) _exit(64);
  int done = bind(fd, reinterpret_cast<sockaddr*>(&at), v6 ? sizeof *six : sizeof *four);
  if (done == 0 && !datagrams) done = listen(fd, 16);
  say_errno(std::string("stand:") + w[0] + ":" + w[1] + ":" + w[2], done);
  if (done == 0) stands().add(fd, {std::string(stack) + " " + w[1] + " " + w[2], !datagrams, datagrams});
}

/// join STACK GROUP DEVICE: what was stood last is of this group; says join:GROUP.errno.
void join(Words w) {
  const bool v6 = std::string_view(w[0]).ends_with('6');
  group_req request{};
  request.gr_interface = if_nametoindex(w[2]);
  request.gr_group.ss_family = v6 ? AF_INET6 : AF_INET;
  void* address = v6 ? static_cast<void*>(&reinterpret_cast<sockaddr_in6*>(&request.gr_group)->sin6_addr)
                     : &reinterpret_cast<sockaddr_in*>(&request.gr_group)->sin_addr;
  if (inet_pton(request.gr_group.ss_family, w[1], address) != 1 || stands().polled.empty()) _exit(64);
  say_errno(std::string("join:") + w[1], setsockopt(stands().polled.back().fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                                    MCAST_JOIN_GROUP, &request, sizeof request));
}

/// A message, answered with "inside:" before it; heard=STACK ADDRESS PORT MESSAGE. False: the last.
bool reply(int fd, const Socket& socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  char message[512] = "inside:";
  const auto n = recvfrom(fd, message + 7, sizeof message - 7, 0, reinterpret_cast<sockaddr*>(&peer), &size);
  if (n <= 0 && !socket.datagrams) return false;
  if (n < 0) return true;
  const auto length = static_cast<std::size_t>(n);
  say("heard", socket.name + " " + std::string(message + 7, length));
  sendto(fd, message, 7 + length, MSG_NOSIGNAL,
         socket.datagrams ? reinterpret_cast<sockaddr*>(&peer) : nullptr, socket.datagrams ? size : 0);
  return true;
}

/// answer: serves for ever; came=STACK ADDRESS PORT for each connection.
void answer(Words) {
  auto& [sockets, polled] = stands();
  say("answering", static_cast<long>(sockets.size()));
  for (;;) {
    poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      if (sockets[i].listens) {
        say("came", sockets[i].name);
        stands().add(accept4(polled[i].fd, nullptr, nullptr, SOCK_CLOEXEC), {sockets[i].name});
      } else if (!reply(polled[i].fd, sockets[i])) {
        close(polled[i].fd);
        polled[i].fd = -1;  // poll(2) passes over it
      }
    }
  }
}

constexpr Verb verbs[] = {{"stand", 3, stand}, {"join", 3, join}, {"answer", 0, answer}};

}  // namespace

std::span<const Verb> answer_verbs() { return verbs; }

}  // namespace probe
