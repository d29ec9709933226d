#include "runtime/shim/publisher.hpp"

#include <fmt/core.h>
#include <time.h>

#include <algorithm>

#include "runtime/shim/socket.hpp"

namespace lodger::shim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 2048;
constexpr unsigned most_refusals = 5;
constexpr auto patience = 5s;       // for one answer
constexpr auto longest_pause = 5s;  // before another try

}  // namespace

wire::Timestamp now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);  // cannot fail for this clock
  return {time.tv_sec, static_cast<std::int32_t>(time.tv_nsec)};
}

Publisher::~Publisher() {
  disconnect();
  if (retry_) loop_.cancel(retry_);
}

void Publisher::add(const char* topic, wire::Any event) {
  if (path_.empty()) return;
  const wire::ForwardRequest forward{wire::Envelope{now(), name_space_, topic, std::move(event)}};
  wire::Request request{"containerd.services.events.ttrpc.v1.Events",
                        "Forward",
                        wire::encode(forward),
                        std::chrono::nanoseconds(patience).count(),
                        {}};
  if (queue_.size() == most_waiting) {
    log_(fmt::format("containerd is away: event {} is dropped, since {} newer ones wait",
                     queue_.front().topic, most_waiting));
    if (stream_) disconnect();  // it is the one that is on its way
    queue_.pop_front();
  }
  queue_.push_back({topic, wire::encode(request)});
  if (!stream_ && !retry_) send_next();
}

void Publisher::send_next() {
  if (queue_.empty()) return told();
  if (!socket_ && !connect()) return retry_later();
  stream_ = std::exchange(next_stream_, next_stream_ + 2);
  to_send_ = wire::frame(stream_, wire::FrameHeader::Type::request, queue_.front().request);
  deadline_ = loop_.after(patience, [this] {
    deadline_ = 0;
    disconnect();
    retry_later();
  });
  if (write()) return;
  disconnect();
  retry_later();
}

bool Publisher::connect() {
  auto socket = connect_to(path_);
  if (!socket) return false;
  if (!loop_.watch(socket->get(), EPOLLIN, [this](std::uint32_t events) { ready(events); })) return false;
  socket_ = std::move(*socket);
  frames_ = {};
  next_stream_ = 1;
  return true;
}

bool Publisher::write() {
  while (!to_send_.empty()) {
    const auto sent = kernel::send_some(socket_.get(), to_send_, {});
    if (!sent && sent.error().code == EAGAIN)
      return loop_.change(socket_.get(), EPOLLIN | EPOLLOUT).has_value();
    if (!sent) return false;
    to_send_.erase(0, *sent);
  }
  return true;
}

void Publisher::ready(std::uint32_t events) {
  if (events & EPOLLOUT) {
    (void)loop_.change(socket_.get(), EPOLLIN);
    if (!write()) events |= EPOLLHUP;
  }
  if ((events & EPOLLIN) ? read() : !(events & (EPOLLHUP | EPOLLERR))) return;
  const bool was_waiting = stream_ != 0;
  disconnect();
  // An idle connection that ends is containerd's end; a call that gets no answer is made once more at once.
  if (was_waiting) retry_later();
}

bool Publisher::read() {
  char bytes[1024];
  const auto got = kernel::read(socket_.get(), bytes);
  if (!got) return got.error().code == EAGAIN;
  if (*got == 0) return false;
  frames_.add({bytes, *got});
  while (const auto frame = frames_.next()) {
    if (frame->header.type != wire::FrameHeader::Type::response || frame->header.stream != stream_) continue;
    const auto response = wire::decode<wire::Response>(frame->message);
    if (!response) return false;
    take(*response);
    if (!socket_) return true;
  }
  return true;
}

void Publisher::take(const wire::Response& response) {
  loop_.cancel(std::exchange(deadline_, 0));
  stream_ = 0;
  failures_ = 0;
  auto& item = queue_.front();
  const bool refused = response.status && response.status->code != wire::Code::ok;
  if (refused && ++item.refused < most_refusals) return retry_later();
  if (refused) log_(fmt::format("containerd refuses event {}: {}", item.topic, response.status->message));
  queue_.pop_front();
  send_next();
}

void Publisher::disconnect() {
  if (deadline_) loop_.cancel(std::exchange(deadline_, 0));
  if (socket_) loop_.forget(socket_.get());
  socket_ = {};
  stream_ = 0;
  to_send_.clear();
}

void Publisher::retry_later() {
  const auto pause =
      std::min<std::chrono::milliseconds>(100ms * (1U << std::min(failures_, 6U)), longest_pause);
  ++failures_;
  retry_ = loop_.after(pause, [this] {
    retry_ = 0;
    send_next();
  });
}

void Publisher::told() {
  if (flushed_) std::exchange(flushed_, {})();
}

void Publisher::flush(std::chrono::milliseconds most, Loop::Due then) {
  if (queue_.empty()) return then();
  flushed_ = std::move(then);
  loop_.after(most, [this] { told(); });
}

}  // namespace lodger::shim
