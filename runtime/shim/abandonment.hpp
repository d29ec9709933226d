// A shim that nobody will ever ask to end.
#pragma once
#include <functional>

#include "runtime/shim/bundle.hpp"
#include "runtime/shim/loop.hpp"

namespace lodger::shim {

/// containerd finds a shim by its bundle. It may have removed that one without a word to the shim: where it
/// was killed during "start", and the next one saw the bundle before our address was in it; and in a pod
/// whose first container goes before the others (containerd 2 sends no Shutdown for those).
class Abandonment {
 public:
  /// `idle`: whether the shim has nothing to do, and nobody who could ask for something.
  Abandonment(Loop& loop, Bundle bundle, std::function<bool()> idle, std::function<void()> end)
      : loop_(loop), bundle_(std::move(bundle)), idle_(std::move(idle)), end_(std::move(end)) {}
  Abandonment(const Abandonment&) = delete;
  Abandonment& operator=(const Abandonment&) = delete;
  ~Abandonment() { loop_.cancel(timer_); }

  /// The shim begins, or is alone: from a second later on, and as long as it is idle, `end` is called once
  /// the bundle is gone.
  void look();

 private:
  Loop& loop_;
  Bundle bundle_;
  std::function<bool()> idle_;
  std::function<void()> end_;
  std::uint64_t timer_ = 0;
};

}  // namespace lodger::shim
