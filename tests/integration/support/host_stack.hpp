// A network stack in the host's place, for as long as the object lives: the loopback and nothing else, up.
// What a test binds or starts there the machine's own stack never sees. And sockets to bind in it.
#pragma once
#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tests/support/descriptor.hpp"

namespace lodger::test {

class HostStack {
 public:
  HostStack() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    REQUIRE(before_);
    REQUIRE(unshare(CLONE_NEWNET) == 0);
    const support::Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    REQUIRE(ioctl(any.get(), SIOCSIFFLAGS, &loopback) == 0);
  }
  ~HostStack() {
    if (setns(before_.get(), CLONE_NEWNET) != 0) abort();  // what comes next would test the wrong stack
  }
  HostStack(const HostStack&) = delete;

 private:
  support::Descriptor before_;
};

/// Bound to a port of this address, IPv4's or IPv6's; a TCP socket listens.
class Bound {
 public:
  Bound(int type, const std::string& address, int port) {
    sockaddr_storage where{};
    auto* four = reinterpret_cast<sockaddr_in*>(&where);
    auto* six = reinterpret_cast<sockaddr_in6*>(&where);
    const bool v6 = address.find(':') != address.npos;
    where.ss_family = v6 ? AF_INET6 : AF_INET;
    four->sin_port = htons(static_cast<std::uint16_t>(port));  // at the same place in sockaddr_in6
    REQUIRE(inet_pton(where.ss_family, address.c_str(),
                      v6 ? static_cast<void*>(&six->sin6_addr) : &four->sin_addr) == 1);
    fd_ = support::Descriptor(socket(where.ss_family, type | SOCK_CLOEXEC, 0));
    INFO(address << " port " << port);
    REQUIRE(bind(fd_.get(), reinterpret_cast<sockaddr*>(&where), v6 ? sizeof *six : sizeof *four) == 0);
    if (type == SOCK_STREAM) REQUIRE(listen(fd_.get(), 4) == 0);
  }
  int fd() const { return fd_.get(); }

 private:
  support::Descriptor fd_;
};

}  // namespace lodger::test
