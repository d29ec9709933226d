#include "runtime/shim/loop.hpp"

#include <algorithm>
#include <array>

namespace lodger::shim {

namespace {

constexpr std::string_view doing = "waiting for events";

std::uint64_t tag_of(std::uint32_t watch, int fd) {
  return static_cast<std::uint64_t>(watch) << 32 | static_cast<std::uint32_t>(fd);
}
int fd_of(std::uint64_t tag) { return static_cast<int>(tag & 0xffffffff); }

}  // namespace

Outcome<Loop> Loop::make() { return Loop(TRY(explained(kernel::epoll(), doing))); }

Outcome<> Loop::watch(int fd, std::uint32_t events, Ready ready) {
  const auto tag = tag_of(++watches_, fd);
  TRY(explained(kernel::watch(poll_, fd, events, tag), doing));
  watched_[fd] = {tag, std::make_shared<Ready>(std::move(ready))};
  return {};
}

Outcome<> Loop::change(int fd, std::uint32_t events) {
  return explained(kernel::rewatch(poll_, fd, events, watched_.at(fd).tag), doing);
}

void Loop::forget(int fd) {
  if (watched_.erase(fd)) (void)kernel::unwatch(poll_, fd);  // it may be closed already
}

std::uint64_t Loop::after(std::chrono::milliseconds delay, Due due) {
  timers_.emplace(next_timer_, Timer{Clock::now() + delay, std::move(due)});
  return next_timer_++;
}

void Loop::cancel(std::uint64_t timer) { timers_.erase(timer); }

int Loop::until_next_timer() const {
  if (timers_.empty()) return -1;
  const auto first =
      std::ranges::min_element(timers_, {}, [](const auto& entry) { return entry.second.when; });
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first->second.when - Clock::now());
  return static_cast<int>(std::max<long>(left.count(), 0));
}

void Loop::run_due_timers() {
  const auto now = Clock::now();
  for (;;) {
    const auto due =
        std::ranges::find_if(timers_, [&](const auto& entry) { return entry.second.when <= now; });
    if (due == timers_.end()) return;
    const auto call = std::move(due->second.due);
    timers_.erase(due);
    call();
  }
}

Outcome<> Loop::run() {
  std::array<epoll_event, 32> events{};
  while (!stopped_) {
    const auto count = TRY(explained(kernel::events(poll_, events, until_next_timer()), doing));
    for (const auto& event : std::span(events).first(count)) {
      if (stopped_) break;
      const auto found = watched_.find(fd_of(event.data.u64));
      // Forgotten by one before it, maybe with another in its place, of which nothing is known yet.
      if (found == watched_.end() || found->second.tag != event.data.u64) continue;
      const auto ready = found->second.ready;
      (*ready)(event.events);
    }
    run_due_timers();
  }
  return {};
}

}  // namespace lodger::shim
