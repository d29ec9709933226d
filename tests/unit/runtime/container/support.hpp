// Things that the tests of this room own and that go when an assertion fails.
#pragma once
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "kernel/folder.hpp"
#include "kernel/procfs.hpp"
#include "runtime/container/store.hpp"

namespace lodger::test {

/// Deletes a folder with all that is in it.
inline void remove_all(const std::string& path) {
  std::vector<std::string> names;
  {
    const auto folder = kernel::openat<kernel::Path>(kernel::cwd, path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!folder) return;
    (void)kernel::each_name(folder->get(), [&](std::string_view name) { names.emplace_back(name); });
  }
  for (const auto& name : names)
    if (::unlink((path + "/" + name).c_str()) != 0) remove_all(path + "/" + name);
  ::rmdir(path.c_str());
}

/// A folder below /tmp.
class TempFolder {
 public:
  TempFolder() {
    char pattern[] = "/tmp/lodger-test-XXXXXX";
    path = ::mkdtemp(pattern);
  }
  ~TempFolder() { remove_all(path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path;
  std::string operator/(std::string_view name) const { return path + "/" + std::string(name); }
};

inline bool exists(const std::string& path) {
  struct stat unused;
  return ::lstat(path.c_str(), &unused) == 0;
}

inline void write_file(const std::string& path, std::string_view text) {
  const auto file = kernel::openat(kernel::cwd, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  (void)kernel::write_all(file.value().get(), text);
}

inline std::string read_file(const std::string& path) {
  const auto file = kernel::openat(kernel::cwd, path.c_str(), O_RDONLY);
  if (!file) return "";
  std::string text;
  char part[4096];
  for (;;) {
    const std::size_t n = kernel::read(file->get(), part).value();
    if (n == 0) return text;
    text.append(part, n);
  }
}

/// A child process that runs `body` and exits with its value; killed and reaped at the end if it is still
/// there.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) : pid(::fork()) {
    if (pid != 0) return;
    ::signal(SIGTERM, SIG_DFL);  // Catch's handler would report a failed test
    ::_exit(body());
  }
  ~Child() {
    if (!pid) return;
    ::kill(pid, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The raw wait status.
  int wait() {
    int status = -1;
    ::waitpid(pid, &status, 0);
    pid = 0;
    return status;
  }
  /// The same, but -1 if it has not ended within 5 s: for a process that a mistake would leave frozen.
  int wait_briefly() {
    int status = -1;
    for (int i = 0; i < 500; ++i, ::usleep(10000))
      if (::waitpid(pid, &status, WNOHANG) == pid) {
        pid = 0;
        return status;
      }
    return -1;
  }
  /// Until it has ended, but not reaped: a zombie.
  void await_end() const {
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }
  std::uint64_t start_time() const { return kernel::process_stat(pid).value().start_time; }

  pid_t pid;
};

inline int sleep_long() {
  for (;;) ::pause();
}

/// A record as create leaves it.
inline container::Record record_of(const std::string& id, const Child& child) {
  container::Record record;
  record.id = id;
  record.bundle = "/bundle";
  record.rootfs = "/bundle/rootfs";
  record.created = "2026-01-02T03:04:05.000000006Z";
  record.pid = child.pid;
  record.start_time = child.start_time();
  record.own_pid_namespace = true;
  return record;
}

/// A whole container on disk, unlocked again.
inline void put(const container::Store& store, const container::Record& record,
                std::string_view config = "{}") {
  auto folder = store.reserve(record.id).value();
  folder.write_config(config).value();
  folder.write(record).value();
  folder.commit();
}

}  // namespace lodger::test
