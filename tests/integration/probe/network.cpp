// One small server and one small client for TCP and UDP over IPv4 and IPv6, and the list of interfaces.
// Stacks are named tcp4, tcp6, udp4, udp6; addresses are the loopback's unless one is given. The stack "unix"
// is that of abstract sockets, whose port is part of the name.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool is_v6(std::string_view stack) { return stack.ends_with('6'); }
bool is_udp(std::string_view stack) { return stack.starts_with("udp"); }
bool is_unix(std::string_view stack) { return stack == "unix"; }

/// unix(7), "Abstract sockets": the name begins with a null byte, and its length counts.
Address abstract(long port) {
  Address out;
  auto* a = reinterpret_cast<sockaddr_un*>(&out.storage);
  a->sun_family = AF_UNIX;
  const std::string name = "probe-" + std::to_string(port);
  std::memcpy(a->sun_path + 1, name.data(), name.size());
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return out;
}

Address address(std::string_view stack, long port, bool any) {
  if (is_unix(stack)) return abstract(port);
  Address out;
  if (is_v6(stack)) {
    auto* a = reinterpret_cast<sockaddr_in6*>(&out.storage);
    a->sin6_family = AF_INET6;
    a->sin6_port = htons(static_cast<std::uint16_t>(port));
    a->sin6_addr = any ? in6addr_any : in6addr_loopback;
    out.size = sizeof *a;
  } else {
    auto* a = reinterpret_cast<sockaddr_in*>(&out.storage);
    a->sin_family = AF_INET;
    a->sin_port = htons(static_cast<std::uint16_t>(port));
    a->sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
    out.size = sizeof *a;
  }
  return out;
}

int make_socket(std::string_view stack) {
  const int family = is_unix(stack) ? AF_UNIX : is_v6(stack) ? AF_INET6 : AF_INET;
  const int fd = socket(family, (is_udp(stack) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (is_v6(stack)) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};  // so that a lost packet fails a test, not hangs it
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

std::uint16_t port_of(int fd) {
  Address now;
  now.size = sizeof now.storage;
  getsockname(fd, now.get(), &now.size);
  return ntohs(reinterpret_cast<sockaddr_in*>(&now.storage)->sin_port);  // at the same place in sockaddr_in6
}

/// serve STACK PORT: binds all addresses (port 0: any), says listening.STACK=PORT, answers one message with
/// "inside:" before it.
void serve(Words w) {
  const int fd = make_socket(w[0]);
  Address here = address(w[0], number(w[1]), true);
  const int bound = bind(fd, here.get(), here.size);
  say_errno(std::string("bind:") + w[0], bound);
  if (bound < 0 || (!is_udp(w[0]) && listen(fd, 4) < 0)) return;
  say(std::string("listening.") + w[0], is_unix(w[0]) ? number(w[1]) : port_of(fd));
  const int from = is_udp(w[0]) ? fd : accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
  Address peer;
  peer.size = sizeof peer.storage;
  char message[512] = "inside:";
  const ssize_t n = recvfrom(from, message + 7, sizeof message - 7, 0, peer.get(), &peer.size);
  say_errno("served", n);
  if (n < 0) return;
  say("served", std::string_view(message + 7, static_cast<std::size_t>(n)));
  sendto(from, message, 7 + static_cast<std::size_t>(n), 0, is_udp(w[0]) ? peer.get() : nullptr,
         is_udp(w[0]) ? peer.size : 0);
}

/// ask STACK PORT MESSAGE [ADDRESS]: sends it to the loopback or ADDRESS, which may be everybody's, says the
/// answer.
void ask(Words w) {
  const std::string key = std::string("ask:") + w[0];
  const int fd = make_socket(w[0]);
  Address there = address(w[0], number(w[1]), false);
  if (w.size() > 3 && is_v6(w[0]))
    inet_pton(AF_INET6, w[3], &reinterpret_cast<sockaddr_in6*>(&there.storage)->sin6_addr);
  else if (w.size() > 3)
    inet_pton(AF_INET, w[3], &reinterpret_cast<sockaddr_in*>(&there.storage)->sin_addr);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  const int connected = connect(fd, there.get(), there.size);
  if (connected < 0) return say_errno(key, connected);
  if (send(fd, w[2], std::strlen(w[2]), 0) < 0) return say_errno(key, -1);
  char answer[512];
  const ssize_t n = recv(fd, answer, sizeof answer, 0);
  say_errno(key, n);
  if (n >= 0) say(key, std::string_view(answer, static_cast<std::size_t>(n)));
}

/// The host's or container's addresses of global scope: address.inet=, address.inet6=, one line each.
void addresses(Words) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) < 0) return say_errno("addresses", -1);
  for (const ifaddrs* a = all; a != nullptr; a = a->ifa_next) {
    if (a->ifa_addr == nullptr || (a->ifa_flags & IFF_LOOPBACK) != 0) continue;
    char text[INET6_ADDRSTRLEN] = "";
    if (a->ifa_addr->sa_family == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(a->ifa_addr)->sin_addr, text, sizeof text);
      say("address.inet", text);
    } else if (a->ifa_addr->sa_family == AF_INET6) {
      const auto& address6 = reinterpret_cast<const sockaddr_in6*>(a->ifa_addr)->sin6_addr;
      inet_ntop(AF_INET6, &address6, text, sizeof text);
      if (!IN6_IS_ADDR_LINKLOCAL(&address6)) say("address.inet6", text);
    }
  }
  freeifaddrs(all);
}

void interfaces(Words) {
  std::string text;
  struct if_nameindex* names = if_nameindex();
  for (struct if_nameindex* i = names; i != nullptr && i->if_index != 0; ++i)
    text += (text.empty() ? "" : " ") + std::string(i->if_name);
  if_freenameindex(names);
  say("interfaces", text);
}

/// One datagram to $NOTIFY_SOCKET, sd_notify(3), perhaps with a descriptor.
void send_notification(std::string_view text, bool with_descriptor) {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr) return say("notify.socket", "none");
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  strncpy(to.sun_path, path, sizeof to.sun_path - 1);
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (with_descriptor) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int standard_input = 0;
    memcpy(CMSG_DATA(head), &standard_input, sizeof standard_input);
  }
  say_errno("notify", sendmsg(fd, &message, MSG_NOSIGNAL));
  close(fd);
}

/// notify LINE: "+" stands for the end of a line.
void notify(Words words) {
  std::string text(words[0]);
  for (char& c : text)
    if (c == '+') c = '\n';
  send_notification(text, false);
}

void notify_fd(Words) { send_notification("FDSTORE=1\nREADY=1", true); }

constexpr Verb verbs[] = {{"serve", 2, serve},         {"ask", 3, ask},       {"interfaces", 0, interfaces},
                          {"addresses", 0, addresses}, {"notify", 1, notify}, {"notify-fd", 0, notify_fd}};

}  // namespace

std::span<const Verb> network_verbs() { return verbs; }

}  // namespace probe
