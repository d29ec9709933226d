#include "runtime/terminal/relay.hpp"

#include "kernel/process.hpp"

namespace lodger::terminal {

pollfd Flow::wanted() const {
  if (ended_) return {-1, 0, 0};
  return begin_ < end_ ? pollfd{to_, POLLOUT, 0} : pollfd{from_, POLLIN, 0};
}

void Flow::read() {
  const auto size = kernel::read(from_, chunk_);
  if (!size && size.error().code == EAGAIN) return;
  // EIO is how a terminal's master says that the other end is closed: pts(4).
  if (!size || *size == 0) {
    ended_ = farewell_.empty();
    begin_ = 0, end_ = farewell_.copy(chunk_.data(), chunk_.size());
    farewell_ = {};
  } else if (!discarding_) {
    begin_ = 0, end_ = *size;
  }
}

void Flow::write() {
  const auto size = kernel::restarted("write", __NR_write, to_, chunk_.data() + begin_, end_ - begin_);
  if (!size && size.error().code == EAGAIN) return;
  if (!size) {
    ended_ = broken_ == Broken::stops;
    discarding_ = !ended_;
    begin_ = end_;
  } else
    begin_ += static_cast<std::size_t>(*size);
}

void Flow::move() {
  if (ended_) return;
  begin_ < end_ ? write() : read();
}

void Flow::drain() {
  while (!ended_) {
    pollfd ready = wanted();
    const bool writing = begin_ < end_;
    if (auto n = kernel::poll({&ready, 1}, writing ? -1 : 0); !n || *n == 0) return;
    move();
  }
}

}  // namespace lodger::terminal
