// A seccomp agent: it takes the listener that a runtime sends to its socket, and answers notifications beside
// the test. seccomp_unotify(2).
#pragma once
#include <linux/seccomp.h>
#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lodger::test {

/// What an agent says to a call.
struct Answer {
  int error = 0;  // an errno, or
  long value = 0;
  bool go_on = false;  // the call itself
};

class Agent {
 public:
  using Judge = std::function<Answer(const seccomp_notif&)>;
  /// Listens at `path`. Without a judge it closes each listener that it gets.
  Agent(std::string path, Judge judge);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent();

  /// The documents that came so far, each one whole connection; waits for `count` of them, at most ten
  /// seconds.
  std::vector<std::string> documents(std::size_t count = 0) const;
  /// How many descriptors came with each of them.
  std::vector<std::size_t> descriptors() const;
  /// The numbers of the calls asked about, in order.
  std::vector<int> asked() const;

 private:
  void serve();
  void take(int connection);
  void answer(int listener);

  std::string path_;
  Judge judge_;
  int socket_ = -1;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> documents_;
  std::vector<std::size_t> descriptors_;
  std::vector<int> asked_;
  std::vector<int> listeners_;  // of the serving thread alone
  std::thread thread_;
};

}  // namespace lodger::test
