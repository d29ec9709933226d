// A network stack of a test's own, and a process in another: what these do to the network nobody sees.
#pragma once
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "kernel/rtnetlink.hpp"
#include "tests/unit/skip.hpp"

namespace lodger::tests {

/// The thread's network namespace is a new one for as long as this lives.
class OwnStack {
 public:
  OwnStack() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made = before_ >= 0 && ::unshare(CLONE_NEWNET) == 0;
  }
  ~OwnStack() {
    if (made && ::setns(before_, CLONE_NEWNET) != 0) ::abort();  // what comes next would test the wrong stack
    ::close(before_);
  }
  OwnStack(const OwnStack&) = delete;
  bool made = false;

 private:
  int before_;
};

/// A process that sleeps in a network namespace of its own. Killed and reaped.
class Elsewhere {
 public:
  Elsewhere() {
    int ready[2];
    REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
    pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      if (::unshare(CLONE_NEWNET) == 0 && ::write(ready[1], "!", 1) == 1)
        for (;;) ::pause();
      ::_exit(1);
    }
    ::close(ready[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }
  ~Elsewhere() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Elsewhere(const Elsewhere&) = delete;

  std::string path() const { return "/proc/" + std::to_string(pid) + "/ns/net"; }
  kernel::Fd<kernel::Namespace> ns() const {
    return kernel::Fd<kernel::Namespace>(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  }
  kernel::netlink::Links links() const {
    auto socket = kernel::netlink::Socket::open_in(ns(), NETLINK_ROUTE);
    REQUIRE(socket);
    return kernel::netlink::Links(std::move(*socket));
  }

  pid_t pid = -1;
};

inline kernel::netlink::Socket route_socket() {
  auto socket = kernel::netlink::Socket::open(NETLINK_ROUTE);
  REQUIRE(socket);
  return std::move(*socket);
}

/// A pair of virtual devices, both here.
inline Outcome<> make_pair(const std::string& name, const std::string& peer) {
  ifinfomsg header{};
  kernel::netlink::Request request(RTM_NEWLINK, header, NLM_F_CREATE | NLM_F_EXCL);
  request.add_text(IFLA_IFNAME, name);
  request.nest(IFLA_LINKINFO, [&] {
    request.add_text(IFLA_INFO_KIND, "veth");
    request.nest(IFLA_INFO_DATA, [&] {
      request.nest(VETH_INFO_PEER, [&] {
        request.add_body(header);
        request.add_text(IFLA_IFNAME, peer);
      });
    });
  });
  return route_socket().change(std::move(request), "making a pair of devices");
}

}  // namespace lodger::tests

/// A stack of the test's own with a pair of devices in it, or the end of the test.
#define OWN_STACK_WITH_PAIR(name, peer)                                  \
  const ::lodger::tests::OwnStack own_stack_;                            \
  if (!own_stack_.made) SKIP_TEST("needs root, for network namespaces"); \
  if (const auto made_ = ::lodger::tests::make_pair(name, peer); !made_) SKIP_TEST(made_.error().text)
