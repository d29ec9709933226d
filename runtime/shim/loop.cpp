#include "runtime/shim/loop.hpp"

#include <algorithm>
#include <array>

namespace lodger::shim {

namespace {

constexpr std::string_view doing = "waiting for events";

Outcome<> control(int poll, int operation, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return explained(kernel::done("epoll_ctl", __NR_epoll_ctl, poll, operation, fd, &event), doing);
}

}  // namespace

Outcome<Loop> Loop::make() {
  return Loop(TRY(
      explained(kernel::opened<kernel::File>("epoll_create1", __NR_epoll_create1, EPOLL_CLOEXEC), doing)));
}

Outcome<> Loop::watch(int fd, std::uint32_t events, Ready ready) {
  TRY(control(poll_.get(), EPOLL_CTL_ADD, fd, events));
  watched_[fd] = std::make_shared<Ready>(std::move(ready));
  return {};
}

Outcome<> Loop::change(int fd, std::uint32_t events) {
  return control(poll_.get(), EPOLL_CTL_MOD, fd, events);
}

void Loop::forget(int fd) {
  if (watched_.erase(fd))
    static_cast<void>(control(poll_.get(), EPOLL_CTL_DEL, fd, 0));  // it may be closed already
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
    // epoll_pwait: aarch64 has no epoll_wait
    const auto count = kernel::call("epoll_pwait", __NR_epoll_pwait, poll_.get(), events.data(),
                                    events.size(), until_next_timer(), nullptr, 0);
    if (!count && count.error().code != EINTR) return std::unexpected(explain(doing, count.error()));
    for (long i = 0; i < count.value_or(0) && !stopped_; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const auto found = watched_.find(event.data.fd);
      if (found == watched_.end()) continue;  // forgotten by one before it
      const auto ready = found->second;
      (*ready)(event.events);
    }
    run_due_timers();
  }
  return {};
}

}  // namespace lodger::shim
