// A network stack of the test's own, so that ports are bound where nobody else's are. network_namespaces(7).
#pragma once
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdlib>

#include "tests/support/descriptor.hpp"

namespace lodger::test {

/// This thread, and every program that it starts, is in a new network namespace with a loopback interface
/// for as long as this lives: "the host's" for a container.
class OwnStack {
 public:
  OwnStack() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    REQUIRE(before_);
    REQUIRE(unshare(CLONE_NEWNET) == 0);
    const support::Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{.ifr_ifrn = {.ifrn_name = "lo"}, .ifr_ifru = {.ifru_flags = IFF_UP}};
    REQUIRE(ioctl(any.get(), SIOCSIFFLAGS, &loopback) == 0);
  }
  OwnStack(const OwnStack&) = delete;
  OwnStack& operator=(const OwnStack&) = delete;
  ~OwnStack() {
    if (setns(before_.get(), CLONE_NEWNET) != 0) abort();  // what comes next would test the wrong stack
  }

 private:
  support::Descriptor before_;
};

}  // namespace lodger::test
