// The two ends of tests/bench/netmode: a server, and clients that load it in one way each. Static, so that it
// is a container's whole root filesystem.
//
//   traffic serve PORT                     TCP and UDP of all addresses; prints "ready"
//   traffic stream ADDRESS PORT SECONDS    as many bytes as go over one TCP connection
//   traffic rr ADDRESS PORT SECONDS        a byte there and a byte back, over one TCP connection
//   traffic crr ADDRESS PORT SECONDS       the same with a connection for each
//   traffic udp ADDRESS PORT SECONDS       datagrams of 64 bytes; what arrived is asked of the server
//   traffic udprr ADDRESS PORT SECONDS     a datagram there and one back
//   traffic bind ADDRESS PORT SECONDS      no client: binds a TCP socket to it, again and again
//
// A client prints one JSON object: what it counted, the seconds, and the latencies' percentiles in
// nanoseconds. A TCP connection's first byte says what becomes of the rest: 'S' is swallowed, 'E' comes back.
// A datagram that begins with 'E' comes back, 'Q' is answered with the number of all others since the last
// 'Q'.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "traffic: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int checked(int result, const char* what) {
  if (result < 0) give_up(what);
  return result;
}

long now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

void set(int fd, int level, int option, int value) {
  checked(setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
}

// ---- the server ----

std::array<char, 1 << 20> buffer;

int listening(int type, std::uint16_t port) {
  const int fd = checked(socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (type == SOCK_DGRAM) set(fd, SOL_SOCKET, SO_RCVBUF, 8 << 20);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  checked(bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any), "bind");
  if (type == SOCK_STREAM) checked(listen(fd, 4096), "listen");
  return fd;
}

void answer_datagrams(int fd, std::uint64_t& swallowed) {
  for (int i = 0; i < 256; ++i) {
    sockaddr_in6 from{};
    socklen_t length = sizeof from;
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    const ssize_t n = recvfrom(fd, buffer.data(), buffer.size(), 0, address, &length);
    if (n < 0) return;
    if (n == 0) continue;
    if (buffer[0] == 'E') {
      sendto(fd, buffer.data(), static_cast<std::size_t>(n), 0, address, length);
    } else if (buffer[0] == 'Q') {
      sendto(fd, &swallowed, sizeof swallowed, 0, address, length);
      swallowed = 0;
    } else {
      ++swallowed;
    }
  }
}

enum class Manner : char { unknown, swallow, echo };

/// False: the connection is over. One read each, so that all get their turn.
bool serve(int fd, Manner& manner) {
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0 && errno == EAGAIN) return true;
  if (n <= 0) return false;
  std::size_t skip = 0;
  if (manner == Manner::unknown) {
    manner = buffer[0] == 'E' ? Manner::echo : Manner::swallow;
    skip = 1;
  }
  const std::size_t rest = static_cast<std::size_t>(n) - skip;
  if (manner == Manner::echo && rest > 0)
    return write(fd, buffer.data() + skip, rest) == static_cast<ssize_t>(rest);
  return true;
}

void watch(int poll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  checked(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

[[noreturn]] void run_server(std::uint16_t port) {
  const int tcp = listening(SOCK_STREAM, port), udp = listening(SOCK_DGRAM, port);
  const int poll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(poll, tcp);
  watch(poll, udp);
  std::vector<Manner> manners;
  std::uint64_t swallowed = 0;
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(poll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == udp) {
        answer_datagrams(udp, swallowed);
      } else if (fd == tcp) {
        const int taken = accept4(tcp, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (taken < 0) continue;
        set(taken, IPPROTO_TCP, TCP_NODELAY, 1);
        if (manners.size() <= static_cast<std::size_t>(taken))
          manners.resize(static_cast<std::size_t>(taken) + 64);
        manners[static_cast<std::size_t>(taken)] = Manner::unknown;
        watch(poll, taken);
      } else if (!serve(fd, manners[static_cast<std::size_t>(fd)])) {
        close(fd);
      }
    }
  }
}

// ---- the clients ----

struct Target {
  sockaddr_storage address{};
  socklen_t length = 0;
  long seconds = 0;
};

Target parse(char** words) {
  Target target;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&target.address);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&target.address);
  const auto port = htons(static_cast<std::uint16_t>(std::atoi(words[1])));
  if (inet_pton(AF_INET, words[0], &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    target.length = sizeof *v4;
  } else if (inet_pton(AF_INET6, words[0], &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    target.length = sizeof *v6;
  } else {
    errno = EINVAL;
    give_up(words[0]);
  }
  target.seconds = std::atol(words[2]) * 1'000'000'000;
  return target;
}

int connected(const Target& target, int type, char manner) {
  const int fd = checked(socket(target.address.ss_family, type | SOCK_CLOEXEC, 0), "socket");
  checked(connect(fd, reinterpret_cast<const sockaddr*>(&target.address), target.length), "connect");
  if (type == SOCK_DGRAM) return fd;
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  checked(static_cast<int>(write(fd, &manner, 1)), "write");
  return fd;
}

void ask(int fd) {
  char byte = 'E';
  if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) give_up("asking");
}

void report(const char* unit, std::uint64_t count, long took, std::vector<long> latencies = {}) {
  std::printf("{\"%s\": %llu, \"seconds\": %.6f", unit, static_cast<unsigned long long>(count),
              static_cast<double>(took) / 1e9);
  if (!latencies.empty()) {
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](std::size_t hundredths) {
      return latencies[(latencies.size() - 1) * hundredths / 100];
    };
    std::printf(", \"p50\": %ld, \"p90\": %ld, \"p99\": %ld", at(50), at(90), at(99));
  }
  std::printf("}\n");
}

void stream(const Target& target) {
  const int fd = connected(target, SOCK_STREAM, 'S');
  const long began = now();
  std::uint64_t bytes = 0;
  while (now() - began < target.seconds) {
    const ssize_t n = write(fd, buffer.data(), buffer.size() / 8);
    if (n < 0) give_up("write");
    bytes += static_cast<std::uint64_t>(n);
  }
  report("bytes", bytes, now() - began);
}

/// `turn` is one transaction, timed by itself.
template <class Turn>
void transactions(const Target& target, Turn turn) {
  std::vector<long> latencies;
  latencies.reserve(1 << 20);
  const long began = now();
  for (long last = began; last - began < target.seconds;) {
    turn();
    const long after = now();
    latencies.push_back(after - last);
    last = after;
  }
  const long took = now() - began;
  const auto count = latencies.size();
  report("transactions", count, took, std::move(latencies));
}

/// A connect that is refused counts as none: a translated connection that was aborted may still be tracked
/// when its port comes again.
bool connect_and_ask(const Target& target) {
  const int fd = checked(socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  // without TIME-WAIT, of which there would soon be one for each local port
  const linger abort{1, 0};
  checked(setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort), "setsockopt");
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  const bool done = connect(fd, reinterpret_cast<const sockaddr*>(&target.address), target.length) == 0 &&
                    write(fd, "E", 1) == 1;
  if (!done && errno != ECONNREFUSED) give_up("connect");
  if (done) ask(fd);
  close(fd);
  return done;
}

void connections(const Target& target) {
  transactions(target, [&] {
    while (!connect_and_ask(target)) continue;
  });
}

std::uint64_t arrived(int fd) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const char question = 'Q';
    std::uint64_t count = 0;
    pollfd wait{fd, POLLIN, 0};
    if (send(fd, &question, 1, 0) == 1 && poll(&wait, 1, 500) == 1 && recv(fd, &count, sizeof count, 0) == 8)
      return count;
  }
  give_up("the server does not tell what arrived");
}

void datagrams(const Target& target) {
  const int fd = connected(target, SOCK_DGRAM, 0);
  arrived(fd);
  std::array<char, 64> text{};
  iovec part{text.data(), text.size()};
  std::array<mmsghdr, 64> batch{};
  for (auto& message : batch) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t sent = 0;
  const long began = now();
  while (now() - began < target.seconds) {
    const int n = sendmmsg(fd, batch.data(), batch.size(), 0);
    if (n > 0) sent += static_cast<std::uint64_t>(n);
  }
  const long took = now() - began;
  std::printf("{\"sent\": %llu, \"datagrams\": %llu, \"seconds\": %.6f}\n",
              static_cast<unsigned long long>(sent), static_cast<unsigned long long>(arrived(fd)),
              static_cast<double>(took) / 1e9);
}

/// Only bind(2) is timed, not the making of the socket and its end. Whoever looks at our descriptors in /proc
/// keeps one open for a moment longer than we do, and with it the port: such a turn counts as none.
void binds(const Target& target) {
  std::vector<long> latencies;
  latencies.reserve(1 << 20);
  const long began = now();
  while (now() - began < target.seconds) {
    const int fd = checked(socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const long before = now();
    const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&target.address), target.length);
    if (bound == 0)
      latencies.push_back(now() - before);
    else if (errno != EADDRINUSE)
      give_up("bind");
    close(fd);
  }
  const auto count = latencies.size();
  report("binds", count, now() - began, std::move(latencies));
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const auto is = [&](const char* verb, int words) {
    return argc == words && std::strcmp(argv[1], verb) == 0;
  };
  if (is("serve", 3)) run_server(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const auto* const modes = "stream rr crr udprr udp bind";
  if (argc != 5 || !std::strstr(modes, argv[1])) {
    std::fprintf(stderr,
                 "usage: traffic serve PORT | traffic stream|rr|crr|udp|udprr|bind ADDRESS PORT SECONDS\n");
    return 2;
  }
  const Target target = parse(argv + 2);
  if (is("stream", 5)) stream(target);
  if (is("crr", 5)) connections(target);
  if (is("udp", 5)) datagrams(target);
  if (is("bind", 5)) binds(target);
  if (is("rr", 5)) transactions(target, [fd = connected(target, SOCK_STREAM, 'E')] { ask(fd); });
  if (is("udprr", 5)) transactions(target, [fd = connected(target, SOCK_DGRAM, 'E')] { ask(fd); });
  return 0;
}
