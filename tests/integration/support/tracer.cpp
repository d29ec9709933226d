#include "tracer.hpp"

#include <catch2/catch.hpp>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>
#include <thread>

#include "tests/support/files.hpp"

namespace lodger::test {
namespace {

constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
constexpr int syscall_stop = SIGTRAP | 0x80;

long trace(int request, pid_t pid, long data = 0) {
  return ::ptrace(static_cast<__ptrace_request>(request), pid, nullptr, reinterpret_cast<void*>(data));
}

/// The program, its output nowhere, stopped behind its exec.
pid_t start_stopped(const std::vector<std::string>& argv, long how) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    std::vector<char*> words;
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    trace(PTRACE_TRACEME, 0);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, __WALL) == pid);
  REQUIRE(WIFSTOPPED(status));
  REQUIRE(trace(PTRACE_SETOPTIONS, pid, how) == 0);
  return pid;
}

/// A syscall-entry-stop or a syscall-exit-stop: PTRACE_GET_SYSCALL_INFO.
bool enters(pid_t thread) {
  __ptrace_syscall_info info{};
  const long size = ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
  return size > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/// Follows the system calls of those children that become `program`, until one of them is killed. Children
/// come by vfork, or clone(2) with CLONE_VFORK, and are let go when they have become something else.
class ChildTracer {
 public:
  ChildTracer(const std::vector<std::string>& argv, std::string program, unsigned count)
      : program_(std::move(program)), count_(count), parent_(start_stopped(argv, how)) {
    trace(PTRACE_CONT, parent_);
  }
  /// Until the parent's end. Whether a child was killed.
  bool run() {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0 || (pid == parent_ && !WIFSTOPPED(status))) return killed_;
      if (WIFSTOPPED(status)) stopped(pid, WSTOPSIG(status), status >> 16);
    }
  }

 private:
  static constexpr long how =
      PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

  void stopped(pid_t pid, int signal, int event) {
    if (event == PTRACE_EVENT_EXEC && pid != parent_) {
      if (killed_ || support::read_file("/proc/" + std::to_string(pid) + "/comm") != program_ + "\n") {
        trace(PTRACE_DETACH, pid);
        return;
      }
      followed_.insert(pid);
    }
    if (signal == syscall_stop && enters(pid) && !killed_ && seen_++ == count_) {
      killed_ = ::kill(pid, SIGKILL) == 0;
      return;
    }
    // a SIGSTOP is what a child begins with: ptrace(2), PTRACE_O_TRACEVFORK
    const bool passed = event == 0 && signal != SIGTRAP && signal != syscall_stop && signal != SIGSTOP;
    trace(followed_.contains(pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, passed ? signal : 0);
  }

  std::string program_;
  unsigned count_, seen_ = 0;
  bool killed_ = false;
  std::set<pid_t> followed_;
  pid_t parent_;
};

}  // namespace

Tracer::Tracer(const std::vector<std::string>& argv) : pid_(start_stopped(argv, options)) { go_on(pid_); }

Tracer::Tracer(pid_t pid) : pid_(pid) {
  REQUIRE(trace(PTRACE_SEIZE, pid, options) == 0);
  REQUIRE(trace(PTRACE_INTERRUPT, pid) == 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, __WALL) == pid);
  go_on(pid);
}

Tracer::~Tracer() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (next_stop(status) > 0) {
  }
}

bool Tracer::allowed() {
  const pid_t other = ::fork();
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  // no child of the tracer's, as a shim is none: ptrace(2), /proc/sys/kernel/yama/ptrace_scope
  const pid_t child = ::fork();
  if (child == 0) ::_exit(trace(PTRACE_SEIZE, other) == 0 ? 0 : 1);
  int status = 0;
  const bool seized =
      child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (other > 0) ::kill(other, SIGKILL), ::waitpid(other, nullptr, 0);
  return seized;
}

void Tracer::go_on(pid_t thread, int signal) const { trace(PTRACE_SYSCALL, thread, signal); }

/// The next thread of its that stops at a system call; 0: it has ended. All other stops are passed over. Of
/// the test's other children, which others wait for, none is this thread's: waitpid(2), __WNOTHREAD.
pid_t Tracer::next_stop(int& status) {
  while (!ended_) {
    const pid_t thread = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (thread < 0 && errno == EINTR) continue;
    ended_ = thread < 0 || (thread == pid_ && !WIFSTOPPED(status));
    if (ended_ || !WIFSTOPPED(status)) continue;
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == syscall_stop) return thread;
    go_on(thread, event != 0 || signal == SIGTRAP ? 0 : signal);
  }
  return 0;
}

bool Tracer::kill_at(unsigned count) {
  int status = 0;
  for (unsigned seen = 0;;) {
    const pid_t thread = next_stop(status);
    if (thread == 0) return false;
    if (enters(thread) && seen++ == count) break;
    go_on(thread);
  }
  ::kill(pid_, SIGKILL);
  while (next_stop(status) > 0) {
  }
  return true;
}

#if defined(__x86_64__)
void Tracer::refuse(const std::function<int(long, const long (&)[6])>& refuse) {
  std::map<pid_t, int> refused;
  int status = 0;
  while (const pid_t thread = next_stop(status)) {
    user_regs_struct regs{};
    if (trace(PTRACE_GETREGS, thread, reinterpret_cast<long>(&regs)) == 0) {
      const auto word = [](unsigned long long value) { return static_cast<long>(value); };
      const long arguments[6] = {word(regs.rdi), word(regs.rsi), word(regs.rdx),
                                 word(regs.r10), word(regs.r8),  word(regs.r9)};
      if (const auto code = refused.extract(thread)) {
        regs.rax = static_cast<unsigned long long>(-code.mapped());
        trace(PTRACE_SETREGS, thread, reinterpret_cast<long>(&regs));
      } else if (enters(thread)) {
        if (const int error = refuse(word(regs.orig_rax), arguments)) {
          refused[thread] = error;
          regs.orig_rax = ~0ULL;  // no system call has this number
          trace(PTRACE_SETREGS, thread, reinterpret_cast<long>(&regs));
        }
      }
    }
    go_on(thread);
  }
}
#endif

bool killed_at(const std::vector<std::string>& argv, unsigned count) {
  bool killed = false;
  std::thread([&] {  // a thread of its own: it has no other children
    Tracer tracer(argv);
    killed = tracer.kill_at(count);
  })
      .join();
  return killed;
}

bool child_killed_at(const std::vector<std::string>& argv, const std::string& program, unsigned count) {
  bool killed = false;
  std::thread([&] {
    ChildTracer tracer(argv, program, count);
    killed = tracer.run();
  }).join();
  return killed;
}

unsigned kill_step(unsigned usual) {
  const char* wanted = ::getenv("LODGER_KILL_STEP");
  return wanted ? static_cast<unsigned>(std::stoul(wanted)) : usual;
}

}  // namespace lodger::test
