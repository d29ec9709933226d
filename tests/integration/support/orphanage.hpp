// What a killed program leaves running.
#pragma once
#include <catch2/catch.hpp>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "command.hpp"

namespace lodger::test {

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
