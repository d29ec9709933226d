// The programs in the kernel itself: it takes them, and calls end as they should.
#include <catch2/catch.hpp>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/credentials.hpp"
#include "profiles.hpp"
#include "runtime/security/seccomp.hpp"

using namespace lodger;
using test::profile;
using test::rule;
using Action = spec::SeccompAction;
using Op = spec::SeccompOperator;

namespace {

constexpr int not_loaded = 99;

// The wait status of a child that loads the filter and then does `what`, whose answer is its exit status.
template <class What>
int under(const spec::Seccomp& filter, What what) {
  const auto program = security::compile(filter);
  REQUIRE(program);
  const pid_t child = ::fork();
  if (child == 0) {
    auto instructions = program->instructions;
    const sock_fprog fprog{static_cast<unsigned short>(instructions.size()), instructions.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !kernel::set_filter(fprog, program->flags))
      ::_exit(not_loaded);
    ::_exit(what());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == not_loaded));
  return status;
}

template <class What>
int exit_under(const spec::Seccomp& filter, What what) {
  const int status = under(filter, what);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

int errno_of(long answer) { return answer < 0 ? errno : 0; }

}  // namespace

TEST_CASE("the kernel takes Docker's profile, and it does what it says") {
  const auto docker = test::docker_profile();
  CHECK(exit_under(docker, [] { return errno_of(::syscall(SYS_getpid)); }) == 0);
  CHECK(exit_under(docker, [] { return errno_of(::syscall(SYS_mount, 0, 0, 0, 0, 0)); }) == EPERM);
  CHECK(exit_under(docker, [] { return errno_of(::syscall(SYS_clone3, 0, 0)); }) == ENOSYS);
  CHECK(exit_under(docker, [] { return errno_of(::syscall(SYS_unshare, 0x10000000)); }) == EPERM);
  CHECK(exit_under(docker, [] { return errno_of(::syscall(900)); }) == ENOSYS);
  CHECK(exit_under(docker, [] { return errno_of(::socket(AF_VSOCK, SOCK_STREAM, 0)); }) == EPERM);
  CHECK(exit_under(docker, [] { return errno_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == 0);
  CHECK(exit_under(docker, [] { return errno_of(::personality(0xffffffff)); }) == 0);
  CHECK(exit_under(docker, [] { return errno_of(::personality(ADDR_NO_RANDOMIZE)); }) == EPERM);
}

TEST_CASE("actions end a call as they say") {
  const auto with = [](Action action) { return profile(Action::allow, {rule({"getppid"}, action)}); };
  const auto call = [] { return errno_of(::syscall(SYS_getppid)); };
  CHECK(exit_under(with(Action::allow), call) == 0);
  CHECK(exit_under(with(Action::log), call) == 0);
  CHECK(exit_under(with(Action::errno_), call) == EPERM);
  CHECK(exit_under(with(Action::trace), call) == ENOSYS);  // nobody traces
  for (const auto action : {Action::kill, Action::kill_process, Action::trap}) {
    const int status = under(with(action), call);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS));
  }
}

TEST_CASE("64-bit comparisons hold in the kernel") {
  const auto filter =
      profile(Action::allow, {rule({"lseek"}, Action::errno_, {{1, 0x100000005, 0, Op::ge}})});
  const auto seek = [](long to) { return [to] { return errno_of(::syscall(SYS_lseek, -1, to, 0)); }; };
  CHECK(exit_under(filter, seek(0x100000004)) == EBADF);
  CHECK(exit_under(filter, seek(0x100000005)) == EPERM);
  CHECK(exit_under(filter, seek(0x200000000)) == EPERM);
  CHECK(exit_under(filter, seek(0xffffffff)) == EBADF);
}

TEST_CASE("the kernel takes every flag that compile() passes on") {
  auto filter = profile(Action::allow, {});
  filter.flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
  CHECK(exit_under(filter, [] { return 0; }) == 0);
}
