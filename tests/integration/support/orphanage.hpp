// What a killed program leaves running.
#pragma once
#include <catch2/catch.hpp>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.hpp"
#include "tests/support/files.hpp"
#include "tests/support/text.hpp"

namespace lodger::test {

/// The names of this test's children that still run. To be asked while no program of the test's own is
/// running.
inline std::vector<std::string> living_children() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  std::vector<std::string> names;
  for (const auto& pid :
       support::words(support::read_file("/proc/self/task/" + std::to_string(getpid()) + "/children"))) {
    const auto name = support::read_file("/proc/" + pid + "/comm");
    names.push_back(name.substr(0, name.find('\n')));
  }
  return names;
}

/// While it lives, processes whose parents end become this test's children: what a killed runtime left is
/// found without knowing its pid.
class Orphanage {
 public:
  Orphanage() { REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0); }
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;
  ~Orphanage() { prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }
  /// Whether all have ended. To be asked while no program of the test's own is running.
  bool empty() const {
    return eventually(
        [] {
          while (waitpid(-1, nullptr, WNOHANG) > 0) {
          }
          return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
        },
        std::chrono::seconds(3));
  }
};

}  // namespace lodger::test
