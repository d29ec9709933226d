// Looks at every process that appears, the way a container would that wants a runtime's descriptors.
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "probe.hpp"

namespace probe {
namespace {

std::string link_of(const std::string& path) {
  char target[4096];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  return n < 0 ? "" : std::string(target, static_cast<std::size_t>(n));
}

/// What has the same program as we is a payload; it is not yet one, and so of interest, with any other.
class Stalker {
 public:
  Stalker() : own_(link_of("/proc/self/exe")) {}

  void look_at(pid_t pid) {
    if (seen_.insert(pid).second) say("stalk.seen", pid);
    const std::string folder = "/proc/" + std::to_string(pid);
    try_exe(folder, "exe");
    try_descriptors(folder);
    try_to_take(pid);
    try_to_trace(pid, folder);
  }

 private:
  /// Each kind of thing once: "socket:[1234]" is a socket.
  void loot(std::string what) {
    what.resize(std::min(what.size(), what.find('[')));
    if (loot_.insert(what).second) say("stalk.loot." + std::to_string(loot_.size()), what);
  }

  void try_exe(const std::string& folder, const std::string& how) {
    const auto exe = link_of(folder + "/exe");
    if (!exe.empty() && exe != own_) loot(how + " " + exe);
  }

  /// The payload has the three streams and no more. The kernel may show which numbers there are to whoever
  /// owns the folder; what they lead to is loot.
  void try_descriptors(const std::string& folder) {
    DIR* const fds = opendir((folder + "/fd").c_str());
    if (!fds) return;
    while (const dirent* entry = readdir(fds)) {
      const auto target = atoi(entry->d_name) > 2 ? link_of(folder + "/fd/" + entry->d_name) : "";
      if (!target.empty()) loot("fd " + std::string(entry->d_name) + " " + target);
    }
    closedir(fds);
  }

  /// pidfd_getfd(2)
  void try_to_take(pid_t pid) {
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return;
    for (int fd = 3; fd < 12; ++fd) {
      const int taken = static_cast<int>(syscall(SYS_pidfd_getfd, process, fd, 0));
      if (taken < 0) continue;
      loot("taken " + std::to_string(fd) + " " + link_of("/proc/self/fd/" + std::to_string(taken)));
      close(taken);
    }
    close(process);
  }

  void try_to_trace(pid_t pid, const std::string& folder) {
    if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return;
    int status = 0;
    ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) return;
    try_exe(folder, "traced");
    try_descriptors(folder);
    ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  }

  std::string own_;
  std::set<pid_t> seen_;
  std::set<std::string> loot_;
};

/// stalk FILE: until FILE is there.
void stalk(Words words) {
  Stalker stalker;
  const pid_t self = getpid();
  DIR* const proc = opendir("/proc");
  say("stalking", self);
  while (access(words[0], F_OK) != 0) {
    rewinddir(proc);
    while (const dirent* entry = readdir(proc)) {
      const pid_t pid = atoi(entry->d_name);
      if (pid > 0 && pid != self) stalker.look_at(pid);
    }
  }
  closedir(proc);
  say("stalked", 1);
}

constexpr Verb verbs[] = {{"stalk", 1, stalk}};

}  // namespace

std::span<const Verb> stalk_verbs() { return verbs; }

}  // namespace probe
