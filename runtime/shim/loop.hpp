// The one loop of the shim: descriptors that are waited for, and what comes after a while. epoll(7).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "kernel/epoll.hpp"
#include "kernel/failure.hpp"

namespace lodger::shim {

class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  /// `events` as epoll_wait(2) gives them.
  using Ready = std::function<void(std::uint32_t events)>;
  using Due = std::function<void()>;

  static Outcome<Loop> make();

  /// Until forget(fd), which has to come before the descriptor is closed. EPOLLIN, EPOLLOUT, EPOLLRDHUP; 0
  /// waits for errors and hang-ups alone.
  Outcome<> watch(int fd, std::uint32_t events, Ready ready);
  /// Other events for a descriptor that is watched.
  Outcome<> change(int fd, std::uint32_t events);
  void forget(int fd);

  /// Once, after `delay`, unless cancelled.
  std::uint64_t after(std::chrono::milliseconds delay, Due due);
  void cancel(std::uint64_t timer);

  /// Serves until stop(), or until epoll fails.
  Outcome<> run();
  void stop() { stopped_ = true; }

 private:
  explicit Loop(kernel::Fd<kernel::Watch> poll) : poll_(std::move(poll)) {}
  int until_next_timer() const;
  void run_due_timers();

  struct Timer {
    Clock::time_point when;
    Due due;
  };
  kernel::Fd<kernel::Watch> poll_;
  struct Watched {
    std::uint64_t tag;  // of this watch alone: the number of a closed descriptor may be another's already
    // shared: one that is forgotten by itself, or by another, must outlive its own call
    std::shared_ptr<Ready> ready;
  };
  std::map<int, Watched> watched_;
  std::uint32_t watches_ = 0;
  std::map<std::uint64_t, Timer> timers_;
  std::uint64_t next_timer_ = 1;
  bool stopped_ = false;
};

}  // namespace lodger::shim
