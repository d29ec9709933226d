// What stands for containerd in the shim's tests: the socket to which a shim sends its events.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/shim/server.hpp"
#include "runtime/shim/wire/events.hpp"

namespace lodger::test {

/// Serves at `socket` until it is destroyed; the path is free again then.
class Containerd {
 public:
  explicit Containerd(std::string socket);
  Containerd(const Containerd&) = delete;
  Containerd& operator=(const Containerd&) = delete;
  ~Containerd();

  /// Topics in the order in which they came: "/tasks/create /tasks/start".
  std::string topics() const;
  /// Waits until the topics are these; the test fails where they never are.
  void wait_for(const std::string& topics) const;
  std::vector<shim::wire::Envelope> envelopes() const;
  /// The event of a topic, the first of them.
  template <class Event>
  Event event() const {
    for (const auto& envelope : envelopes())
      if (envelope.topic == Event::topic) return *shim::wire::decode<Event>(envelope.event->value);
    return {};
  }

 private:
  void take(const shim::wire::Request& request, const shim::Reply& reply);
  std::string socket_;
  shim::Loop loop_;
  std::optional<shim::Server> server_;
  kernel::SocketPair stop_;
  mutable std::mutex mutex_;
  std::vector<shim::wire::Envelope> events_;
  std::thread thread_;
};

}  // namespace lodger::test
