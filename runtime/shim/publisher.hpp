// Events on their way to containerd, in the order in which they happened: one call at a time. While
// containerd is away they wait, the oldest go when there are too many. Source: containerd,
// pkg/shim/publisher.go; its queue holds as many, but drops each event after five tries.
#pragma once
#include <deque>
#include <functional>
#include <string>

#include "kernel/socket.hpp"
#include "runtime/shim/loop.hpp"
#include "runtime/shim/wire/events.hpp"
#include "runtime/shim/wire/ttrpc.hpp"

namespace lodger::shim {

/// The time now, as messages have it.
wire::Timestamp now();

class Publisher {
 public:
  using Line = std::function<void(std::string_view)>;

  /// `socket`: containerd's ttrpc address, a path; empty: nobody listens. `log` takes what was dropped.
  Publisher(Loop& loop, std::string socket, std::string name_space, Line log)
      : loop_(loop), path_(std::move(socket)), name_space_(std::move(name_space)), log_(std::move(log)) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher();

  template <class Event>
  void publish(const Event& event) {
    add(Event::topic, {Event::type, wire::encode(event)});
  }
  /// Calls `then` once all are told, or after `patience`.
  void flush(std::chrono::milliseconds patience, Loop::Due then);

 private:
  struct Item {
    std::string topic, request;  // of ttrpc, without its frame
    unsigned refused = 0;
  };
  void add(const char* topic, wire::Any event);
  void send_next();
  bool connect();
  bool write();
  void ready(std::uint32_t events);
  bool read();
  void take(const wire::Response& response);
  void disconnect();
  void retry_later();
  void told();

  Loop& loop_;
  std::string path_, name_space_;
  Line log_;
  std::deque<Item> queue_;
  kernel::Fd<kernel::Socket> socket_;
  wire::FrameReader frames_;
  std::string to_send_;
  std::uint32_t stream_ = 0;  // the call that waits for its answer; 0: none
  std::uint32_t next_stream_ = 1;
  std::uint64_t deadline_ = 0, retry_ = 0;  // timers
  unsigned failures_ = 0;
  Loop::Due flushed_;
};

}  // namespace lodger::shim
