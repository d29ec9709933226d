#include "containerd.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/command.hpp"

namespace lodger::test {

Containerd::Containerd(std::string socket)
    : socket_(std::move(socket)), loop_(*shim::Loop::make()), stop_(*kernel::socket_pair(SOCK_STREAM)) {
  auto listener = *kernel::unix_socket(SOCK_STREAM);
  REQUIRE(kernel::bind(listener, *kernel::unix_address(socket_.c_str())));
  REQUIRE(kernel::listen(listener, 5));
  server_.emplace(loop_, std::move(listener),
                  [this](const auto& request, const auto& reply) { take(request, reply); });
  REQUIRE(server_->listen());
  REQUIRE(loop_.watch(stop_.theirs.get(), EPOLLIN, [this](std::uint32_t) { loop_.stop(); }));
  thread_ = std::thread([this] { static_cast<void>(loop_.run()); });
}

Containerd::~Containerd() {
  static_cast<void>(kernel::send(stop_.ours.get(), std::string_view("x")));
  thread_.join();
  ::unlink(socket_.c_str());
}

void Containerd::take(const shim::wire::Request& request, const shim::Reply& reply) {
  const auto forward = shim::wire::decode<shim::wire::ForwardRequest>(request.payload);
  if (request.method != "Forward" || !forward || !forward->envelope)
    return reply.fail(shim::wire::Code::unimplemented, request.method);
  const std::lock_guard lock(mutex_);
  events_.push_back(*forward->envelope);
  reply.answer(shim::wire::Empty{});
}

std::vector<shim::wire::Envelope> Containerd::envelopes() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::string Containerd::topics() const {
  std::string out;
  for (const auto& event : envelopes()) out.append(out.empty() ? "" : " ").append(event.topic);
  return out;
}

void Containerd::wait_for(const std::string& topics) const {
  support::eventually([&] { return this->topics() == topics; });
  CHECK(this->topics() == topics);
}

}  // namespace lodger::test
