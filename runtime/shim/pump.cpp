#include "runtime/shim/pump.hpp"

namespace lodger::shim {

Outcome<std::unique_ptr<Pump>> Pump::start(Loop& loop, kernel::Fd<kernel::File> from,
                                           kernel::Fd<kernel::File> to, Done done) {
  std::unique_ptr<Pump> pump(new Pump(loop, std::move(from), std::move(to), std::move(done)));
  TRY(pump->await_input());
  return pump;
}

Pump::~Pump() {
  if (from_) loop_.forget(from_.get());
  if (to_) loop_.forget(to_.get());
}

// Only one of the two is watched at a time, and the other not even for hang-ups, which epoll would tell again
// and again.

Outcome<> Pump::await_input() {
  loop_.forget(to_.get());
  return loop_.watch(from_.get(), EPOLLIN, [this](std::uint32_t) { read(); });
}

Outcome<> Pump::await_room() {
  loop_.forget(from_.get());
  return loop_.watch(to_.get(), EPOLLOUT, [this](std::uint32_t) {
    write();
    if (finishing_) finish();
  });
}

void Pump::finish() {
  constexpr std::size_t most = 256UL * 1024;  // more than a pipe or a terminal holds by default
  if (!finishing_) left_ = most;
  finishing_ = true;
  while (from_ && !waiting_) read();
}

void Pump::read() {
  const auto got = kernel::read(from_.get(), chunk_);
  if (!got && got.error().code == EAGAIN && !finishing_) return;
  if (!got || *got == 0) return end();  // EIO: the last process has closed its end of the terminal (pty(7))
  if (finishing_ && left_ < *got) return end();
  if (finishing_) left_ -= *got;
  begin_ = 0;
  end_ = *got;
  write();
}

void Pump::write() {
  while (begin_ < end_) {
    const auto written = kernel::write_some(to_.get(), std::span(chunk_).subspan(begin_, end_ - begin_));
    if (!written && written.error().code == EAGAIN) {
      if (!waiting_ && !await_room()) return end();
      waiting_ = true;
      return;
    }
    if (!written) return end();
    begin_ += *written;
  }
  if (waiting_ && !await_input()) return end();
  waiting_ = false;
}

void Pump::end() {
  loop_.forget(from_.get());
  loop_.forget(to_.get());
  from_ = {};
  to_ = {};
  const auto done = std::move(done_);
  if (done) done();
}

}  // namespace lodger::shim
