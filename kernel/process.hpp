// Processes: born by clone3, held by pidfd, ended and awaited. clone3(2), pidfd_open(2), waitid(2).
#pragma once
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

#include <span>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// clone3(2) as fork(2) has it: returns twice, 0 in the child. For programs without threads.
inline Result<pid_t> fork3(const clone_args& how) {
  return static_cast<pid_t>(TRY(call("clone3", __NR_clone3, &how, sizeof how)));
}

/// clone3(2) with CLONE_VM | CLONE_VFORK: the child runs `body(argument)` on the stack named in `how`, in our
/// memory, while we wait for its exec or exit; no page table is copied. `body` must not return.
inline Result<pid_t> vfork3(const clone_args& how, void (*body)(void*), void* argument) {
  long answer;
#if defined(__x86_64__)
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[argument], %%rdi\n\t"
      "callq *%[body]\n\t"
      "ud2\n"
      "1:"
      : "=a"(answer)
      : "0"(static_cast<long>(__NR_clone3)), "D"(&how),
        "S"(sizeof how), [body] "r"(body), [argument] "r"(argument)
      : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 asm("x8") = __NR_clone3;
  register long x0 asm("x0") = reinterpret_cast<long>(&how);
  register long x1 asm("x1") = sizeof how;
  asm volatile(
      "svc 0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[argument]\n\t"
      "blr %[body]\n\t"
      "brk 0\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), [body] "r"(body), [argument] "r"(argument)
      : "memory", "cc", "x30");
  answer = x0;
#endif
  if (answer < 0) return fail("clone3", static_cast<int>(-answer));
  return static_cast<pid_t>(answer);
}

[[noreturn]] inline void exit(int status) {
  for (;;) raw(__NR_exit_group, status);
}

inline Result<Fd<Process>> pidfd_open(pid_t pid) {
  return opened<Process>("pidfd_open", __NR_pidfd_open, pid, 0);
}
inline Result<> send_signal(const Fd<Process>& process, int signal) {
  return done("pidfd_send_signal", __NR_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

/// How a child ended.
struct Ended {
  int code = 0;    // CLD_EXITED, CLD_KILLED, CLD_DUMPED
  int status = 0;  // exit status, or the signal
  /// As a shell gives it: the status, or 128 + signal.
  int shell_status() const { return code == CLD_EXITED ? status : 128 + status; }
};
/// waitid(2) with P_PIDFD: waits for a child's end and reaps it.
inline Result<Ended> wait(const Fd<Process>& process) {
  siginfo_t info{};
  TRY(restarted("waitid", __NR_waitid, P_PIDFD, process.get(), &info, WEXITED, nullptr));
  return Ended{info.si_code, info.si_status};
}

/// execveat(2) of an open file; returns only to tell why it failed.
inline Error execute(int file, const char* const* argv, const char* const* envp) {
  const long answer = raw(__NR_execveat, file, word(""), word(argv), word(envp), 0x1000 /* AT_EMPTY_PATH */);
  return {"execveat", static_cast<int>(-answer)};
}
/// execve(2)
inline Error execute(const char* file, const char* const* argv, const char* const* envp) {
  return {"execve", static_cast<int>(-raw(__NR_execve, word(file), word(argv), word(envp)))};
}

inline pid_t getpid() { return static_cast<pid_t>(raw(__NR_getpid)); }
/// setpgid(2): the calling process leads a group of its own.
inline Result<> lead_group() { return done("setpgid", __NR_setpgid, 0, 0); }
/// kill(2) of a whole group. Only for a group whose leader is a child not yet waited for: its number is then
/// still taken.
inline Result<> signal_group(pid_t leader, int signal) { return done("kill", __NR_kill, -leader, signal); }
inline Result<> setsid() { return done("setsid", __NR_setsid); }

/// prctl(2)
template <class... Args>
inline Result<> prctl(int option, Args... args) {
  return done("prctl", __NR_prctl, option, args...);
}
/// personality(2)
inline Result<> personality(unsigned long domain) { return done("personality", __NR_personality, domain); }

/// ppoll(2) on a set; milliseconds, -1: for ever. The number of ready entries, 0 at the time's end. A signal
/// does not end the wait: the kernel writes what is left of the time to `limit` (ppoll(2), "C library/kernel
/// differences").
inline Result<int> poll(std::span<pollfd> set, long milliseconds) {
  timespec limit{milliseconds / 1000, milliseconds % 1000 * 1000000};
  return static_cast<int>(TRY(restarted("ppoll", __NR_ppoll, set.data(), set.size(),
                                        milliseconds < 0 ? nullptr : &limit, nullptr, 8)));
}

/// struct sigaction of the kernel. Nothing here returns from a handler: the restorer is asked for and not
/// called.
struct SignalAction {
  void (*handler)(int) = SIG_DFL;
  unsigned long flags = 0;
  void (*restorer)(int) = nullptr;
  std::uint64_t mask = 0;
};

/// Gives every standard signal its default action again: an ignored one would stay ignored after exec.
/// (Nobody ignores real-time ones, and each costs a system call.)
inline void reset_signals() {
  const SignalAction standard;
  for (int signal = 1; signal < 32; ++signal)  // SIGKILL and SIGSTOP refuse, and are never ignored
    raw(__NR_rt_sigaction, signal, word(&standard), 0, sizeof standard.mask);
}

/// The signal ends the caller with status 128 + signal, also where it is the first process of its pid
/// namespace, which default actions spare (pid_namespaces(7)). exec takes this back.
inline void end_on(int signal) {
  constexpr unsigned long has_restorer = 0x04000000;  // SA_RESTORER; x86_64 delivers nothing without it
  const auto end = [](int received) { exit(128 + received); };
  const SignalAction action{.handler = end, .flags = has_restorer, .restorer = end};
  raw(__NR_rt_sigaction, signal, word(&action), 0, sizeof action.mask);
}

/// rt_sigprocmask(2) with the kernel's 64-bit set; gives the old mask.
inline Result<std::uint64_t> signal_mask(int how, std::uint64_t set) {
  std::uint64_t old = 0;
  TRY(done("rt_sigprocmask", __NR_rt_sigprocmask, how, &set, &old, sizeof set));
  return old;
}

}  // namespace lodger::kernel
