// A seccomp agent: it takes the listener that a runtime sends to its socket, and answers notifications beside
// the test. seccomp_unotify(2).
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/seccomp_agent.hpp"
#include "tests/support/unix_socket.hpp"

namespace lodger::test {

using support::Answer;

class Agent {
 public:
  using Judge = std::function<Answer(const seccomp_notif&)>;
  /// Listens at `path`. Without a judge it closes each listener that it gets.
  Agent(const std::string& path, Judge judge);
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
  void take();
  void answer(int listener);

  support::Listener socket_;
  Judge judge_;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> documents_;
  std::vector<std::size_t> descriptors_;
  std::vector<int> asked_;
  std::vector<support::Descriptor> listeners_;  // of the serving thread alone
  std::thread thread_;
};

}  // namespace lodger::test
