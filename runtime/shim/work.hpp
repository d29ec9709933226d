// Work that may take long, beside the loop: a hook, a mount of a server that does not answer. It must not
// keep the other containers of the shim waiting. A thread for each piece, which ends with it: a shim at rest
// has one thread.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "kernel/events.hpp"
#include "kernel/file.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

class Work {
 public:
  using Part = std::function<void()>;

  /// `idle` is called on the loop whenever the last piece is done.
  static Outcome<std::unique_ptr<Work>> make(Loop& loop, Part idle);
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work();

  /// `aside` on a thread of its own, with a working folder and umask of its own, then `done` on the loop.
  /// Where there is no thread to be had it is done here and now.
  void run(Part aside, Part done);
  /// Whether there is work whose `done` is still to come.
  bool any() const { return running_ > 0; }

 private:
  Work(Loop& loop, kernel::Fd<kernel::File> wake, Part idle)
      : loop_(loop), wake_(std::move(wake)), idle_(std::move(idle)) {}
  void finish();

  Loop& loop_;
  kernel::Fd<kernel::File> wake_;
  Part idle_;
  std::mutex mutex_;
  std::deque<Part> finished_;
  std::size_t running_ = 0;
};

}  // namespace lodger::shim
