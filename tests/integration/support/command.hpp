// Programs run by the tests: started, waited for with a limit, their output kept in memory files, so that a
// container which holds on to its stdout cannot make a reader wait for the end of it.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace lodger::test {

/// What a program left behind. `status` is its exit status, or 128 + the signal that ended it.
struct Finished {
  int status = -1;
  std::string out, err;
};

struct Setting {
  std::string input;                        // for stdin; empty: /dev/null
  std::string folder;                       // to start in; empty: where the test is
  std::vector<std::string> env;             // beside the test's own environment
  std::vector<std::pair<int, int>> fds;     // ours, and the number that it gets (0, 1, 2 included)
  std::chrono::milliseconds limit{20'000};  // then it is killed, and the test fails
};

/// A running program. Its destructor kills and reaps it.
class Running {
 public:
  explicit Running(const std::vector<std::string>& argv, const Setting& setting = {});
  Running(Running&& other) noexcept;
  Running& operator=(Running&&) = delete;
  ~Running();

  pid_t pid() const { return pid_; }
  /// What it, and everything that inherited its stdout or stderr, wrote up to now.
  std::string out() const;
  std::string err() const;
  /// Waits for the end, fails the test when it takes longer than the limit.
  Finished wait();
  /// Waits until `text` stands in its stdout, fails the test when it never does.
  void wait_for(const std::string& text);
  void kill(int signal) const;

 private:
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  std::chrono::milliseconds limit_;
};

/// Runs to the end.
inline Finished run_command(const std::vector<std::string>& argv, const Setting& setting = {}) {
  return Running(argv, setting).wait();
}

/// Asks again and again until it is true, for at most `limit`; the last answer.
template <class Question>
bool eventually(Question question, std::chrono::milliseconds limit = std::chrono::seconds(10));

void pause_briefly();

template <class Question>
bool eventually(Question question, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!question()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_briefly();
  }
  return true;
}

}  // namespace lodger::test
