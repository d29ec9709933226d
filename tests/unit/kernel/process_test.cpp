#include "kernel/process.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>

#include "kernel/memory.hpp"
#include "kernel/procfs.hpp"
#include "kernel/time.hpp"

using namespace lodger;

namespace {

clone_args child_with(int& pidfd) {
  clone_args how{};
  how.flags = CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  return how;
}

}  // namespace

TEST_CASE("fork3 and wait: the exit status, or 128 + the signal") {
  int pidfd = -1;
  const auto how = child_with(pidfd);
  const bool killed = GENERATE(false, true);
  const auto pid = kernel::fork3(how);
  REQUIRE(pid);
  if (*pid == 0) {
    if (!killed) kernel::exit(42);
    for (;;) ::pause();
  }
  const kernel::Fd<kernel::Process> child(pidfd);
  if (killed) REQUIRE(kernel::send_signal(child, SIGKILL));
  const auto ended = kernel::wait(child);
  REQUIRE(ended);
  CHECK(ended->shell_status() == (killed ? 128 + SIGKILL : 42));
}

TEST_CASE("vfork3 runs the body in our memory, and returns once it has ended") {
  struct Shared {
    int seen = 0;
  } shared;
  alignas(16) char stack[16384];
  int pidfd = -1;
  auto how = child_with(pidfd);
  how.flags |= CLONE_VM | CLONE_VFORK;
  how.stack = reinterpret_cast<std::uintptr_t>(stack);
  how.stack_size = sizeof stack;
  const auto pid = kernel::vfork3(
      how,
      [](void* argument) {
        static_cast<Shared*>(argument)->seen = 7;
        kernel::exit(3);
      },
      &shared);
  REQUIRE(pid);
  CHECK(shared.seen == 7);
  const kernel::Fd<kernel::Process> child(pidfd);
  CHECK(kernel::wait(child)->status == 3);
}

TEST_CASE("poll: a time that is up gives 0, an ended process is readable") {
  int pidfd = -1;
  const auto how = child_with(pidfd);
  const auto pid = kernel::fork3(how);
  if (*pid == 0) {
    for (;;) ::pause();
  }
  const kernel::Fd<kernel::Process> child(pidfd);
  pollfd end{pidfd, POLLIN, 0};
  CHECK(kernel::poll({&end, 1}, 10).value() == 0);
  REQUIRE(kernel::send_signal(child, SIGKILL));
  CHECK(kernel::poll({&end, 1}, -1).value() == 1);
  CHECK(kernel::wait(child));
}

TEST_CASE("poll: signals neither end the wait nor make it longer") {
  static std::atomic<int> signals;
  struct sigaction before {
  }, counting{};
  counting.sa_handler = [](int) { ++signals; };
  REQUIRE(::sigaction(SIGALRM, &counting, &before) == 0);
  const itimerval often{{0, 20'000}, {0, 20'000}}, never{};
  REQUIRE(::setitimer(ITIMER_REAL, &often, nullptr) == 0);
  const auto began = kernel::monotonic_ns();
  const auto ready = kernel::poll({}, 200);
  const auto took = kernel::monotonic_ns() - began;
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  CHECK(ready.value() == 0);
  CHECK(signals > 0);
  CHECK(took >= 200'000'000);
}

TEST_CASE("execute tells why it failed") {
  const char* const argv[] = {"none", nullptr};
  CHECK(kernel::execute("/no/such/program", argv, argv + 1).code == ENOENT);
  CHECK(kernel::execute("/", argv, argv + 1).code == EACCES);
}

TEST_CASE("process_stat: our own state and start, names with brackets included") {
  const auto stat = kernel::process_stat(::getpid());
  REQUIRE(stat);
  CHECK(stat->state == 'R');
  CHECK(stat->start_time > 0);
  CHECK(!kernel::process_stat(0x3fffffff));
}

TEST_CASE("signal_mask blocks and gives the old mask back") {
  const std::uint64_t usr1 = 1ULL << (SIGUSR1 - 1);
  const auto before = kernel::signal_mask(SIG_BLOCK, usr1);
  REQUIRE(before);
  ::raise(SIGUSR1);  // pending, not fatal
  CHECK((*kernel::signal_mask(SIG_BLOCK, 0) & usr1) != 0);
  ::signal(SIGUSR1, SIG_IGN);
  REQUIRE(kernel::signal_mask(SIG_SETMASK, *before));
  ::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("a sealed memory file can be neither written nor resized") {
  const auto file = kernel::memfd("test", MFD_ALLOW_SEALING | MFD_EXEC);
  REQUIRE(file);
  const std::string text = "content";
  REQUIRE(kernel::write_all(file->get(), text));
  REQUIRE(kernel::seal(*file));
  CHECK(!kernel::write_all(file->get(), text));
  CHECK(kernel::ftruncate(file->get(), 1).error().code == EPERM);
}

TEST_CASE("seal_size leaves the content writable") {
  const auto file = kernel::memfd("test", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  REQUIRE(kernel::ftruncate(file->get(), 4096));
  REQUIRE(kernel::seal_size(*file));
  CHECK(kernel::ftruncate(file->get(), 0).error().code == EPERM);
  const std::string text = "content";
  CHECK(kernel::write_all(file->get(), text));
}
