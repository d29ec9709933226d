// Processes, signals, terminals, raw system calls, and the hook that the tests hang into configurations.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "probe.hpp"

namespace probe {
namespace {

void exit_verb(Words w) { _exit(static_cast<int>(number(w[0]))); }
void sleep_verb(Words w) { usleep(static_cast<useconds_t>(number(w[0]) * 1000)); }
void echo(Words w) { say("echo", w[0]); }

/// Sleeps until killed.
void hold(Words) {
  say("holding", 1);
  for (;;) pause();
}

/// await SIGNAL STATUS: ends with STATUS when the signal comes. Init of a pid namespace gets only signals
/// that it has a handler for.
void await(Words w) {
  sigset_t set;
  sigemptyset(&set);
  const int signal = static_cast<int>(number(w[0]));
  sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  say("awaiting", signal);
  int got = 0;
  sigwait(&set, &got);
  say("signal", got);
  _exit(static_cast<int>(number(w[1])));
}

void raise_verb(Words w) {
  // A killing signal is ignored by the init of a pid namespace, so a child dies of it and is reported.
  const pid_t pid = fork();
  if (pid == 0) {
    raise(static_cast<int>(number(w[0])));
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  say("raised", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/// Tries to have N children at once.
void fork_verb(Words w) {
  std::vector<pid_t> children;
  int error = 0;
  for (long i = 0; i < number(w[0]); ++i) {
    const pid_t pid = fork();
    if (pid == 0)
      for (;;) pause();
    if (pid < 0) {
      error = errno;
      break;
    }
    children.push_back(pid);
  }
  say("fork.count", static_cast<long>(children.size()));
  say("fork.errno", error);
  for (const pid_t pid : children) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
}

/// A child that outlives this process for as long as the namespace does.
void leave_child(Words) {
  const pid_t pid = fork();
  if (pid == 0)
    for (;;) pause();
  say("child", pid);
}

/// Touches that many MiB in a child, and says what became of it (9: killed by the kernel).
void touch(Words w) {
  const pid_t pid = fork();
  if (pid == 0) {
    const std::size_t size = static_cast<std::size_t>(number(w[0])) << 20;
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(1);
    std::memset(memory, 1, size);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  say("touch.signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/// syscall NUMBER [ARGUMENT...]: its answer and errno.
void syscall_verb(Words w) {
  long a[6] = {};
  for (std::size_t i = 1; i < w.size() && i <= 6; ++i) a[i - 1] = number(w[i]);
  errno = 0;
  const long answer = syscall(number(w[0]), a[0], a[1], a[2], a[3], a[4], a[5]);
  say(std::string("syscall:") + w[0], answer);
  say_errno(std::string("syscall:") + w[0], answer);
}

/// The same in a child that may die of it: the signal's number, or 0.
void syscall_child(Words w) {
  const pid_t pid = fork();
  if (pid == 0) {
    syscall(number(w[0]), 0, 0, 0, 0, 0, 0);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  say(std::string("syscall_child:") + w[0], WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

void tty(Words) {
  for (int fd = 0; fd < 3; ++fd) say("tty." + std::to_string(fd), isatty(fd));
  char name[256] = "";
  say("tty.name", ttyname_r(0, name, sizeof name) == 0 ? name : "");
  winsize size{};
  if (ioctl(0, TIOCGWINSZ, &size) == 0)
    say("tty.size", std::to_string(size.ws_row) + "x" + std::to_string(size.ws_col));
  const int controlling = open("/dev/tty", O_RDWR | O_CLOEXEC);
  say_errno("tty.controlling", controlling);
  say("tty.foreground", tcgetpgrp(0) == getpgrp());
  termios modes{};
  if (tcgetattr(0, &modes) == 0) say("tty.onlcr", (modes.c_oflag & ONLCR) != 0);
}

/// Waits for SIGWINCH, then says the new size.
void winch(Words) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  say("winch.ready", 1);
  int got = 0;
  sigwait(&set, &got);
  winsize size{};
  ioctl(0, TIOCGWINSZ, &size);
  say("winch.size", std::to_string(size.ws_row) + "x" + std::to_string(size.ws_col));
}

/// Copies stdin to stdout, byte for byte, to the end of the input.
void copy(Words) {
  char buffer[65536];
  ssize_t n = 0;
  while ((n = read(0, buffer, sizeof buffer)) > 0)
    for (ssize_t at = 0; at < n;) {
      const ssize_t out = write(1, buffer + at, static_cast<std::size_t>(n - at));
      if (out < 0) _exit(66);
      at += out;
    }
}

/// hook FILE TAG [STATUS]: appends to FILE a line "TAG <mount namespace> <root's inode> <cwd> <stdin>", then
/// ends with STATUS. For hooks of every kind.
void hook(Words w) {
  char state[65536];
  ssize_t size = 0, n = 0;
  while ((n = read(0, state + size, sizeof state - static_cast<std::size_t>(size))) > 0) size += n;
  char ns[64] = "?", cwd[4096] = "?";
  if (const ssize_t length = readlink("/proc/self/ns/mnt", ns, sizeof ns - 1); length > 0) ns[length] = 0;
  if (getcwd(cwd, sizeof cwd) == nullptr) cwd[0] = 0;
  struct stat root {};
  stat("/", &root);
  std::string line = std::string(w[1]) + " " + ns + " " + std::to_string(root.st_ino) + " " + cwd + " ";
  line.append(state, static_cast<std::size_t>(size));
  while (line.ends_with('\n')) line.pop_back();
  line += '\n';
  const int fd = open(w[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0 || write(fd, line.data(), line.size()) < 0) _exit(67);
  _exit(w.size() > 2 ? static_cast<int>(number(w[2])) : 0);
}

/// hook-env FILE: the same for the environment and the arguments.
void hook_env(Words w) {
  const int fd = open(w[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) _exit(67);
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string line = std::string(*e) + "\n";
    if (write(fd, line.data(), line.size()) < 0) _exit(67);
  }
  const std::string args = "cmdline " + slurp("/proc/self/cmdline") + "\n";
  if (write(fd, args.data(), args.size()) < 0) _exit(67);
  _exit(0);
}

/// Executes the program, the first of its words, with a filter of its system calls.
[[noreturn]] void execute_under(std::span<sock_filter> code, std::vector<char*> argv) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(68);
  argv.push_back(nullptr);
  execv(argv.front(), argv.data());
  _exit(69);
}

/// without NUMBER PROGRAM ARG...: executes the program where the system call does not exist (ENOSYS).
void without(Words w) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number(w[0])), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  execute_under(code, {w.begin() + 1, w.end()});
}

/// without-netlink PROTOCOL ERRNO PROGRAM ARG...: executes the program where a netlink socket of this
/// protocol cannot be had, and socket(2) says so by the errno.
void without_netlink(Words w) {
  const auto argument = [](int index) { return offsetof(seccomp_data, args) + index * sizeof(__u64); };
  const auto refusal = static_cast<unsigned>(number(w[1]));
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(argument(0))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(argument(2))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number(w[0])), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (refusal & SECCOMP_RET_DATA)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  execute_under(code, {w.begin() + 2, w.end()});
}

/// hugepages N: maps so many huge pages of 2 MB one by one, and counts those that the kernel lets it have.
void hugepages(Words words) {
  const long wanted = number(words[0]);
  long count = 0;
  const auto map = [] {
    return mmap(nullptr, 2 << 20, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);
  };
  while (count < wanted && map() != MAP_FAILED) ++count;
  say("hugepages.count", count);
}

constexpr Verb verbs[] = {
    {"exit", 1, exit_verb},
    {"sleep", 1, sleep_verb},
    {"echo", 1, echo},
    {"hold", 0, hold},
    {"await", 2, await},
    {"raise", 1, raise_verb},
    {"fork", 1, fork_verb},
    {"leave-child", 0, leave_child},
    {"touch", 1, touch},
    {"hugepages", 1, hugepages},
    {"syscall", 1, syscall_verb},
    {"syscall-child", 1, syscall_child},
    {"tty", 0, tty},
    {"winch", 0, winch},
    {"copy", 0, copy},
    {"hook", 2, hook},
    {"hook-env", 1, hook_env},
    {"without", 2, without},
    {"without-netlink", 3, without_netlink},
};

}  // namespace

std::span<const Verb> process_verbs() { return verbs; }

}  // namespace probe
