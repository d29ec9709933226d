// What a machine cannot test is said, not passed over. Catch2 2 has no skipped tests, so a line of this form
// on stdout is what a runner looks for; a further one at the end has their number.
#pragma once
#include <catch2/catch.hpp>

#include <cstdio>
#include <string>

namespace lodger::tests {

/// Counts the skips of this executable and says how many there were when it ends.
class Skips {
 public:
  static void add(const std::string& reason) {
    static Skips all;
    ++all.count_;
    std::printf("SKIPPED: %s: %s\n", Catch::getResultCapture().getCurrentTestName().c_str(), reason.c_str());
    std::fflush(stdout);
  }
  ~Skips() { std::printf("SKIPPED IN ALL: %d\n", count_); }

 private:
  int count_ = 0;
};

}  // namespace lodger::tests

// Ends the test here. `reason`: what is missing, "needs root".
#define SKIP_TEST(reason)                \
  do {                                   \
    ::lodger::tests::Skips::add(reason); \
    return;                              \
  } while (false)
