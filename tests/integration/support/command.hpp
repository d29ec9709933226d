// Programs run by the tests, as all tests do: one that cannot be started or takes too long fails the test.
#pragma once
#include "tests/support/command.hpp"

namespace lodger::test {

using support::eventually;
using support::Finished;
using support::Setting;

class Running : public support::Running {
 public:
  /// Without a limit of its own it has 20 seconds.
  explicit Running(const std::vector<std::string>& argv, const Setting& setting = {});

  /// Waits for the end, fails the test when it takes longer than the limit.
  Finished wait();
  /// Waits until `text` stands in its stdout, fails the test when it never does.
  void wait_for(const std::string& text);
  void kill(int signal) const;
};

/// Runs to the end.
inline Finished run_command(const std::vector<std::string>& argv, const Setting& setting = {}) {
  return Running(argv, setting).wait();
}

}  // namespace lodger::test
