#include "netmode/proxy/program/confine.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/inet.hpp"

using namespace lodger;

namespace {

/// How a child ends that calls this once it is confined: its status, or -SIGNAL.
template <class Call>
int confined(Call call) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (!netmode::proxy::confine()) kernel::exit(99);
    kernel::exit(call() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("what the proxy needs passes its filter") {
  CHECK(confined([] { return kernel::inet_socket(AF_INET, SOCK_STREAM).has_value(); }) == 0);
  CHECK(confined([] { return kernel::inet_socket(AF_INET6, SOCK_DGRAM).has_value(); }) == 0);
}

TEST_CASE("files, processes, signals and other sockets do not") {
  CHECK(confined([] { return ::open("/dev/null", O_RDONLY) >= 0; }) == -SIGSYS);
  CHECK(confined([] { return kernel::inet_socket(AF_UNIX, SOCK_STREAM).has_value(); }) == -SIGSYS);
  CHECK(confined([] { return kernel::inet_socket(AF_NETLINK, SOCK_RAW).has_value(); }) == -SIGSYS);
  CHECK(confined([] { return ::kill(::getppid(), 0) == 0; }) == -SIGSYS);
  CHECK(confined([] { return ::fcntl(0, F_SETOWN, ::getppid()) == 0; }) == -SIGSYS);  // a way to send signals
  CHECK(confined([] { return ::fork() >= 0; }) == -SIGSYS);
  CHECK(confined([] { return ::execl("/bin/true", "true", nullptr) == 0; }) == -SIGSYS);
  CHECK(confined([] { return kernel::call("mmap", __NR_mmap, 0, 4096, 7, 0x22, -1, 0).has_value(); }) ==
        -SIGSYS);
  CHECK(confined([] { return kernel::call("bind", __NR_bind, 0, nullptr, 0).has_value(); }) == -SIGSYS);
}
