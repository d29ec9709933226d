#include "supervisor.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "clean_up.hpp"
#include "trial.hpp"

namespace conformance {
namespace {

[[noreturn]] void run_case(const Case& test, const Run& run, std::size_t index, int record) {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Trial(test, run, index, record).go();
  _exit(0);
}

/// Waits for `child`, reaping all others that end meanwhile. -1: it took longer than `limit`, or we are told
/// to stop.
int wait_for(pid_t child, milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  const sigset_t set = watched_signals();
  for (;;) {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == child) return status;
    const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return -1;
    const timespec patience{.tv_sec = left.count() / 1000, .tv_nsec = left.count() % 1000 * 1'000'000};
    const int signal = sigtimedwait(&set, nullptr, &patience);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) return -1;
  }
}

}  // namespace

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE}) sigaddset(&set, signal);
  return set;
}

void supervise(const Case& test, const Run& run, std::size_t index, int record) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const sigset_t set = watched_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);

  const pid_t child = fork();
  if (child == 0) run_case(test, run, index, record);
  const int status = wait_for(child, run.case_limit);
  if (status == -1) kill(child, SIGKILL);
  clean_up(run, index);
  if (status == -1) _exit(case_timed_out);
  _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace conformance
