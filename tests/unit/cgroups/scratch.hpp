// What the tests of this room share: a folder to play in, a cgroup of the real kernel's, and processes in it.
#pragma once
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "cgroups/cgroup.hpp"
#include "cgroups/doors.hpp"
#include "cgroups/manage.hpp"
#include "tests/unit/skip.hpp"

namespace lodger::tests {

/// A temporary folder, gone with the object.
class Scratch {
 public:
  Scratch() : path("/tmp/lodger-unit-XXXXXX") { REQUIRE(::mkdtemp(path.data())); }
  ~Scratch() {
    if (::system(("rm -rf " + path).c_str()) != 0) std::perror("rm");
  }
  Scratch(const Scratch&) = delete;

  /// A folder below it, with its parents.
  std::string folder(const std::string& name) const {
    REQUIRE(::system(("mkdir -p " + path + '/' + name).c_str()) == 0);
    return path + '/' + name;
  }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path + '/' + name) << text;
    return path + '/' + name;
  }

  std::string path;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  auto text = out.str();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

inline bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// A cgroup path that nobody else uses. Its parent is ours too.
inline std::string unique_cgroup() {
  static int number = 0;
  return "/lodger-test/unit-" + std::to_string(::getpid()) + '-' + std::to_string(++number) + "/box";
}

/// The folders of a cgroup in all hierarchies.
inline std::vector<std::string> everywhere(const cgroups::Layout& layout, const std::string& path) {
  std::vector<std::string> all;
  if (!layout.unified.empty()) all.push_back(layout.unified + path);
  for (const auto& hierarchy : layout.hierarchies) all.push_back(hierarchy.folder + path);
  return all;
}

/// Whether neither the cgroup nor its own parent is anywhere.
inline bool nothing_left(const cgroups::Layout& layout, const std::string& path) {
  for (const auto& folder : everywhere(layout, path.substr(0, path.rfind('/'))))
    if (exists(folder)) return false;
  return true;
}

/// The folder of a v1 controller, or of all on v2.
inline std::string folder_of(const cgroups::Layout& layout, const std::string& controller,
                             const std::string& path) {
  if (layout.kind == cgroups::Kind::v2) return layout.unified + path;
  for (const auto& hierarchy : layout.hierarchies)
    if (hierarchy.has(controller)) return hierarchy.folder + path;
  return "";
}

/// A child that sleeps in a cgroup: it enters by its doors, as a container's init does. Killed and reaped.
class Sleeper {
 public:
  explicit Sleeper(const cgroups::Record& record) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      ::signal(SIGHUP, [](int) { ::_exit(7); });  // what only a process that runs can do
      if (enter(record) && ::write(ready[1], "!", 1) == 1)
        for (;;) ::pause();
      ::_exit(1);
    }
    ::close(ready[1]);
    char byte = 0;
    entered = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~Sleeper() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;

  /// Takes the caller into a cgroup.
  static bool enter(const cgroups::Record& record) {
    const auto doors = cgroups::open_doors(*cgroups::detect(), record);
    bool in = doors.has_value();
    for (std::size_t i = 0; in && i < doors->tasks.size(); ++i)
      in = ::write(doors->tasks[i].get(), "0", 1) == 1;
    if (!record.unified) return in;
    return in && (std::ofstream(record.folders.front() + "/cgroup.procs") << "0" << std::flush).good();
  }

  /// The signal that ended it, or -1 if it ended by itself; waits for its end.
  int death() {
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  }

  pid_t pid = 0;
  bool entered = false;
};

/// Why cgroups of the real kernel cannot be made here, or "".
inline std::string no_cgroups(const Outcome<cgroups::Layout>& layout) {
  if (!layout) return layout.error().text;
  if (::geteuid() != 0) return "needs root";
  const auto some = layout->unified.empty() ? layout->hierarchies.front().folder : layout->unified;
  const std::string mine = some + "/lodger-test-probe-" + std::to_string(::getpid());
  if (::mkdir(mine.c_str(), 0755) != 0) return some + ": cannot be written";
  ::rmdir(mine.c_str());
  return "";
}

}  // namespace lodger::tests

// A layout named `layout` of the real kernel, or the end of the test.
#define REAL_LAYOUT(layout)                                                                  \
  const auto detected_ = ::lodger::cgroups::detect();                                        \
  if (const auto why = ::lodger::tests::no_cgroups(detected_); !why.empty()) SKIP_TEST(why); \
  const auto& layout = *detected_
