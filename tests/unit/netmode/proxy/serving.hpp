// A proxy with real sockets on both sides, in a network stack of the test's own: the container is at
// 127.0.0.2 and ::1, and is a process that sleeps.
#pragma once
#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "kernel/credentials.hpp"
#include "kernel/inet.hpp"
#include "kernel/procfs.hpp"
#include "netmode/proxy/proxy.hpp"
#include "tests/unit/own_stack.hpp"

namespace lodger::tests {

using Proxy = netmode::proxy::Proxy;

/// A process that sleeps. Killed and reaped.
class Sleeper {
 public:
  Sleeper() : pid(::fork()) {
    if (pid == 0)
      for (;;) ::pause();
    REQUIRE(pid > 0);
    fd = *kernel::pidfd_open(pid);
  }
  ~Sleeper() { end(); }
  Sleeper(const Sleeper&) = delete;
  void end() {
    if (pid > 0) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
  pid_t pid;
  kernel::Fd<kernel::Process> fd;
};

inline kernel::Endpoint at(const std::string& address, std::uint16_t port) {
  in_addr v4;
  in6_addr v6;
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return {v4, port};
  REQUIRE(::inet_pton(AF_INET6, address.c_str(), &v6) == 1);
  return {v6, port};
}

/// A socket that waits for ten seconds at most.
class Talker {
 public:
  explicit Talker(int fd) : fd_(fd) {
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  static Talker connected(int type, const kernel::Endpoint& to) {
    Talker out(::socket(to.family(), type | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(out.fd(), &to.any, to.size()) == 0);
    return out;
  }
  static Talker bound(int type, const kernel::Endpoint& own) {
    Talker out(::socket(own.family(), type | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(out.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    REQUIRE(::bind(out.fd(), &own.any, own.size()) == 0);
    if (type == SOCK_STREAM) REQUIRE(::listen(out.fd(), 4096) == 0);
    return out;
  }
  Talker accept() const {
    const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    REQUIRE(fd >= 0);
    return Talker(fd);
  }
  bool say(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const auto n = ::send(fd(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  void finish() const { ::shutdown(fd(), SHUT_WR); }
  /// Up to the end; with an error, its text.
  std::string hear_all() const {
    std::string out;
    char part[65536];
    for (;;) {
      const auto n = ::recv(fd(), part, sizeof part, 0);
      if (n == 0) return out;
      if (n < 0) return out + "(" + std::string(error_text(errno)) + ")";
      out.append(part, static_cast<std::size_t>(n));
    }
  }
  /// One part, or one datagram.
  std::string hear() const {
    std::string part(65536, '\0');
    const auto n = ::recv(fd(), part.data(), part.size(), 0);
    part.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return part;
  }
  struct Datagram {
    std::string text;
    kernel::Endpoint from;
    socklen_t size = sizeof from;
  };
  Datagram hear_from() const {
    Datagram one{std::string(65536, '\0'), {}};
    const auto n = ::recvfrom(fd(), one.text.data(), one.text.size(), 0, &one.from.any, &one.size);
    REQUIRE(n >= 0);
    one.text.resize(static_cast<std::size_t>(n));
    return one;
  }
  void say_back(const Datagram& one) const {
    REQUIRE(::sendto(fd(), one.text.data(), one.text.size(), 0, &one.from.any, one.size) ==
            static_cast<ssize_t>(one.text.size()));
  }
  std::string echo() const {
    const auto one = hear_from();
    say_back(one);
    return one.text;
  }
  void reset() {
    (void)kernel::reset_on_close(fd());
    fd_ = {};
  }
  int fd() const { return fd_.get(); }

 private:
  kernel::Fd<kernel::Socket> fd_;
};

inline std::vector<netmode::Publication> publications(std::initializer_list<const char*> texts) {
  std::vector<netmode::Publication> out;
  for (const char* text : texts) out.push_back(*netmode::parse_publish(text));
  return out;
}

inline void loopback_up() {
  kernel::netlink::Links links(route_socket());
  REQUIRE(links.set_up(1, "lo"));
}

/// The container and its proxy, serving.
class Served {
 public:
  explicit Served(std::initializer_list<const char*> ports, std::uint32_t idle_ms = 90'000)
      : proxy(open(publications(ports))) {
    const netmode::proxy::Target target{at("127.0.0.2", 0).v4.sin_addr, in6addr_loopback};
    const auto served = proxy.serve(target, container.fd, idle_ms);
    INFO((served ? "" : served.error().text));
    REQUIRE(served);
  }
  static Proxy open(const std::vector<netmode::Publication>& ports) {
    auto opened = Proxy::open(ports, LODGER_PROXY);
    INFO((opened ? "" : opened.error().text));
    REQUIRE(opened);
    return std::move(*opened);
  }
  pid_t pid() const { return proxy.record().pid; }
  std::size_t descriptors() const {
    std::size_t count = 0;
    DIR* folder = ::opendir(("/proc/" + std::to_string(pid()) + "/fd").c_str());
    REQUIRE(folder);
    while (::readdir(folder)) ++count;
    ::closedir(folder);
    return count;
  }
  bool running() const {
    const auto stat = kernel::process_stat(pid());
    return stat && stat->start_time == proxy.record().start_time && stat->state != 'Z';
  }

  Sleeper container;
  Proxy proxy;
};

/// A proxy that was started by hand, with so many descriptors.
class ByHand {
 public:
  explicit ByHand(rlim_t descriptors) {
    int out[2];
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    const auto until = std::to_string(container.pid);
    pid_ = ::fork();
    if (pid_ == 0) {
      const rlimit low{descriptors, descriptors};
      ::dup2(out[1], 1);
      ::prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE);  // else it would raise that
      if (::setrlimit(RLIMIT_NOFILE, &low) == 0 && kernel::capset(0, 0, 0))
        ::execl(LODGER_PROXY, "lodger-proxy", "--to", "127.0.0.2", "--to", "::1", "--until", until.c_str(),
                "tcp,*,8080,80", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    char ready[6];
    const bool begun = ::read(out[0], ready, sizeof ready) == sizeof ready;
    ::close(out[0]);
    REQUIRE(begun);
  }
  ~ByHand() { end(); }
  ByHand(const ByHand&) = delete;
  /// How it ended.
  int end() {
    int status = 0;
    if (pid_ > 0) ::kill(pid_, SIGTERM), ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  Sleeper container;

 private:
  pid_t pid_;
};

template <class Question>
bool soon(Question question) {
  for (int i = 0; i < 500; ++i) {
    if (question()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace lodger::tests

#define OWN_LOOPBACK()                                                   \
  const ::lodger::tests::OwnStack own_stack_;                            \
  if (!own_stack_.made) SKIP_TEST("needs root, for network namespaces"); \
  ::lodger::tests::loopback_up()
