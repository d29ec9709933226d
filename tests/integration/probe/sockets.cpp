// Sockets of all kinds, bound where a test wants them: what a policy about ports lets through. Stacks are a
// protocol and a family: tcp4, mptcp6, udp4, udplite6, sctp4, dccp6. Sockets stay open to the probe's end.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

struct Kind {
  std::string_view name;
  int type, protocol;
};
constexpr Kind kinds[] = {{"tcp", SOCK_STREAM, IPPROTO_TCP},        {"mptcp", SOCK_STREAM, 262},
                          {"udp", SOCK_DGRAM, IPPROTO_UDP},         {"udplite", SOCK_DGRAM, IPPROTO_UDPLITE},
                          {"sctp", SOCK_STREAM, IPPROTO_SCTP},      {"dccp", SOCK_DCCP, IPPROTO_DCCP},
                          {"ping", SOCK_DGRAM, IPPROTO_ICMP},       {"raw", SOCK_RAW, IPPROTO_ICMP},
                          {"sctpseq", SOCK_SEQPACKET, IPPROTO_SCTP}};

bool is_v6(std::string_view stack) { return stack.ends_with('6'); }

int make_socket(std::string_view stack) {
  for (const Kind& kind : kinds)
    if (kind.name == stack.substr(0, stack.size() - 1))
      return socket(is_v6(stack) ? AF_INET6 : AF_INET, kind.type | SOCK_CLOEXEC, kind.protocol);
  errno = EINVAL;
  return -1;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address(std::string_view stack, const char* host, long port) {
  Address out;
  const auto number = htons(static_cast<std::uint16_t>(port));
  if (is_v6(stack)) {
    auto* a = reinterpret_cast<sockaddr_in6*>(&out.storage);
    a->sin6_family = AF_INET6;
    a->sin6_port = number;
    if (inet_pton(AF_INET6, host, &a->sin6_addr) != 1) _exit(64);
    out.size = sizeof *a;
  } else {
    auto* a = reinterpret_cast<sockaddr_in*>(&out.storage);
    a->sin_family = AF_INET;
    a->sin_port = number;
    if (inet_pton(AF_INET, host, &a->sin_addr) != 1) _exit(64);
    out.size = sizeof *a;
  }
  return out;
}

/// "ADDRESS PORT"
std::string text(const Address& from) {
  char host[INET6_ADDRSTRLEN] = "";
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from.storage);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from.storage);
  if (from.storage.ss_family == AF_INET6)
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
  else
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
  return std::string(host) + " " + std::to_string(ntohs(v4->sin_port));  // at the same place in sockaddr_in6
}

void say_name(const std::string& key, int fd) {
  Address now;
  if (getsockname(fd, now.get(), &now.size) < 0) return say_errno(key + ".name", -1);
  say(key + ".name", text(now));
}

void set(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

/// make STACK
void make(Words w) { say_errno(std::string("make:") + w[0], make_socket(w[0])); }

/// bind STACK ADDRESS PORT [v6only]: says bind:STACK:ADDRESS:PORT.errno, and .name where it worked.
void bind_at(Words w) {
  const auto key = std::string("bind:") + w[0] + ":" + w[1] + ":" + w[2];
  const int fd = make_socket(w[0]);
  if (fd < 0) return say(key, "no socket");
  if (w.size() > 3 && std::strcmp(w[3], "v6only") == 0) set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  set(fd, SOL_SOCKET, SO_REUSEADDR);  // beside what a connection of before left waiting
  set(fd, SOL_SOCKET, SO_REUSEPORT);
  Address to = address(w[0], w[1], number(w[2]));
  const int bound = bind(fd, to.get(), to.size);
  say_errno(key, bound);
  if (bound == 0) say_name(key, fd);
}

/// listen-unbound STACK: listen(2) alone, which takes a port of the kernel's choice.
void listen_unbound(Words w) {
  const auto key = std::string("listen:") + w[0];
  const int fd = make_socket(w[0]);
  const int listening = listen(fd, 1);
  say_errno(key, listening);
  if (listening == 0) say_name(key, fd);
}

void say_peer(const std::string& key, int fd) {
  Address now;
  if (getpeername(fd, now.get(), &now.size) < 0) return say_errno(key, -1);
  say(key, text(now));
}

void talk_stream(const std::string& key, int server, int client, Address to) {
  listen(server, 4);
  const int connected = connect(client, to.get(), to.size);
  say_errno(key, connected);
  if (connected < 0) return;
  say_peer(key + ".peer", client);
  const int accepted = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
  say_errno(key + ".accept", accepted);
  say_name(key + ".accepted", accepted);
  close(accepted);
}

void talk_datagrams(const std::string& key, int server, int client, Address to) {
  char word[8];
  const auto sent = sendto(client, "ask", 3, 0, to.get(), to.size);
  say_errno(key, sent);
  if (sent < 0) return;
  Address from;
  if (recvfrom(server, word, sizeof word, 0, from.get(), &from.size) < 0)
    return say_errno(key + ".heard", -1);
  sendto(server, "answer", 6, 0, from.get(), from.size);
  Address back;
  if (recvfrom(client, word, sizeof word, 0, back.get(), &back.size) < 0)
    return say_errno(key + ".answer", -1);
  say(key + ".answer", text(back));
  const int connected = connect(client, to.get(), to.size);
  if (connected < 0) return say_errno(key + ".connected", connected);
  say_peer(key + ".peer", client);
}

/// talk STACK ADDRESS TO PORT: a server at ADDRESS:PORT and a client that asks TO:PORT; how either calls the
/// other. talk:STACK:TO.errno, .peer, .accepted (TCP), .answer (UDP).
void talk(Words w) {
  const auto key = std::string("talk:") + w[0] + ":" + w[2];
  const int server = make_socket(w[0]), client = make_socket(w[0]);
  set(server, SOL_SOCKET, SO_REUSEADDR);
  const timeval patience{.tv_sec = 3, .tv_usec = 0};
  for (const int fd : {server, client}) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Address at = address(w[0], w[1], number(w[3]));
  if (bind(server, at.get(), at.size) < 0) return say_errno(key + ".bind", -1);
  say_name(key + ".server", server);
  const Address to = address(w[0], w[2], number(w[3]));
  std::string_view(w[0]).starts_with("udp") ? talk_datagrams(key, server, client, to)
                                            : talk_stream(key, server, client, to);
  close(server);
  close(client);
}

/// take-off FOLDER: tries to take each program off the cgroup there, as somebody would who is not to: says
/// take-off.errno of the first call that fails.
void take_off(Words w) {
  union bpf_attr query {};
  std::uint32_t ids[64];
  const int folder = open(w[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return say("take-off", "no folder");
  query.query.target_fd = static_cast<std::uint32_t>(folder);
  query.query.attach_type = BPF_CGROUP_INET4_BIND;
  query.query.prog_ids = reinterpret_cast<std::uintptr_t>(ids);
  query.query.prog_cnt = 64;
  if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query) < 0) return say_errno("take-off", -1);
  union bpf_attr by_id {};
  by_id.prog_id = ids[0];
  const long program = syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof by_id);
  if (program < 0) return say_errno("take-off", -1);
  union bpf_attr detach {};
  detach.target_fd = static_cast<std::uint32_t>(folder);
  detach.attach_bpf_fd = static_cast<std::uint32_t>(program);
  detach.attach_type = BPF_CGROUP_INET4_BIND;
  say_errno("take-off", syscall(SYS_bpf, BPF_PROG_DETACH, &detach, sizeof detach));
}

/// ring: io_uring_setup(2), by which sockets are made past a filter.
void ring(Words) {
  char parameters[120] = {};
  say_errno("ring", syscall(SYS_io_uring_setup, 1, parameters));
}

/// narrow STACK PORT: asks the kernel for a port of its choice where the choice is this one alone, shared if
/// need be: by a bind to port 0, and without a bind. narrow:STACK.errno of the wish; .bind.errno and
/// .unbound.errno, .name where it worked.
void narrow(Words w) {
  constexpr int local_port_range = 51;  // IP_LOCAL_PORT_RANGE, Linux 6.3
  const std::string_view stack = w[0];
  const auto key = std::string("narrow:") + w[0];
  const auto range = static_cast<std::uint32_t>(number(w[1])) * 0x10001U;
  for (const bool binds : {true, false}) {
    const int fd = make_socket(stack);
    set(fd, SOL_SOCKET, SO_REUSEADDR);
    Address any = address(stack, is_v6(stack) ? "::" : "0.0.0.0", 0);
    Address to = address(stack, is_v6(stack) ? "::1" : "127.0.0.1", 9);
    const auto way = key + (binds ? ".bind" : ".unbound");
    say_errno(way + ".wish", setsockopt(fd, IPPROTO_IP, local_port_range, &range, sizeof range));
    const long had = binds                      ? bind(fd, any.get(), any.size)
                     : stack.starts_with("tcp") ? listen(fd, 1)
                                                : sendto(fd, "x", 1, 0, to.get(), to.size);
    say_errno(way, had < 0 ? -1 : 0);
    if (had >= 0) say_name(way, fd);
    close(fd);
  }
}

/// ulp NAME: a TCP socket is handed to what goes by this name (TCP_ULP): "smc" puts one of its own in its
/// place.
void ulp(Words w) {
  const int fd = make_socket("tcp4");
  say_errno("ulp", setsockopt(fd, IPPROTO_TCP, TCP_ULP, w[0], static_cast<socklen_t>(std::strlen(w[0]))));
}

constexpr Verb verbs[] = {{"make", 1, make}, {"bind", 3, bind_at},      {"listen-unbound", 1, listen_unbound},
                          {"talk", 4, talk}, {"take-off", 1, take_off}, {"ring", 0, ring},
                          {"ulp", 1, ulp},   {"narrow", 2, narrow}};

}  // namespace

std::span<const Verb> socket_verbs() { return verbs; }

}  // namespace probe
