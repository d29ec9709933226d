// Programs run by the tests: started, waited for with a limit. Their output goes to memory files, since a
// container keeps its creator's stdout open and an end of file would never come.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "descriptor.hpp"

namespace support {

using std::chrono::milliseconds;

/// What a program left behind.
struct Finished {
  std::string command;     // as it was typed, for reports
  int status = -1;         // its exit status, or 128 + the signal that ended it
  bool timed_out = false;  // it did not end within its limit and was killed
  bool crashed = false;    // a signal ended it
  std::string out, err;

  bool succeeded() const { return status == 0 && !timed_out; }
  /// A refusal: it ended by itself, and not with 0.
  bool refused() const { return status != 0 && !timed_out && !crashed; }
  /// "status 1, stderr: ...", for reports.
  std::string summary() const;
};

struct Setting {
  std::string input;                     // for stdin; empty: /dev/null
  std::string folder;                    // to start in; empty: where the test is
  std::vector<std::string> env;          // beside the test's own environment
  std::vector<std::pair<int, int>> fds;  // ours, and the number that it gets (0, 1, 2 included)
  milliseconds limit{0};                 // 0: for ever
};

/// A running program. Its destructor kills and reaps it.
class Running {
 public:
  /// Throws std::system_error where it cannot be started.
  explicit Running(const std::vector<std::string>& argv, const Setting& setting = {});
  Running(Running&& other) noexcept;
  Running& operator=(Running&&) = delete;
  ~Running();

  /// What it, and everything that inherited its stdout or stderr, wrote up to now.
  std::string out() const;
  std::string err() const;
  /// Waits for the end, at most for the limit; then it is killed.
  Finished wait();
  pid_t pid() const { return pid_; }
  milliseconds limit() const { return limit_; }

 private:
  std::string command_;
  pid_t pid_ = -1;
  Descriptor out_, err_;
  milliseconds limit_;
};

void pause_briefly();

/// Asks again and again until it is true, for at most `limit`; the last answer.
template <class Question>
bool eventually(Question question, milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!question()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_briefly();
  }
  return true;
}

}  // namespace support
