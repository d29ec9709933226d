#include "runtime/shim/loggers.hpp"

namespace lodger::shim {
namespace {

constexpr auto to_drain = std::chrono::seconds(10), to_end = std::chrono::seconds(2);

}  // namespace

Loggers::~Loggers() {
  for (const auto& [fd, retired] : retired_) {
    loop_.forget(fd);
    loop_.cancel(retired.timer);
  }
}

void Loggers::retire(kernel::Fd<kernel::Process> process) {
  if (!process) return;
  const int fd = process.get();
  // Not watched, for want of memory, it stays until its time is over.
  (void)loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t) { drop(fd); });
  retired_[fd] = {std::move(process), loop_.after(to_drain, [this, fd] { ask(fd); })};
}

void Loggers::ask(int fd) {
  auto& retired = retired_[fd];
  (void)kernel::send_signal(retired.process, SIGTERM);  // ESRCH: it has ended just now
  retired.timer = loop_.after(to_end, [this, fd] {
    (void)kernel::send_signal(retired_[fd].process, SIGKILL);
    drop(fd);
  });
}

void Loggers::drop(int fd) {
  loop_.forget(fd);
  loop_.cancel(retired_[fd].timer);
  retired_.erase(fd);
  if (retired_.empty() && none_) std::exchange(none_, {})();
}

void Loggers::when_none(Loop::Due then) {
  if (retired_.empty()) return then();
  none_ = std::move(then);
}

}  // namespace lodger::shim
