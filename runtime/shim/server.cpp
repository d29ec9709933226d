#include "runtime/shim/server.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "runtime/shim/connection.hpp"

namespace lodger::shim {

namespace {

bool is_ours(const kernel::Fd<kernel::Socket>& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const auto asked =
      kernel::done("getsockopt", __NR_getsockopt, socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return asked && peer.uid == ::geteuid() && peer.gid == ::getegid();
}

}  // namespace

void Reply::send(const wire::Response& response) const {
  if (const auto connection = connection_.lock()) connection->send(stream_, response);
}

Server::Server(Loop& loop, kernel::Fd<kernel::Socket> listener, Handler handler, std::function<void()> alone)
    : loop_(loop), listener_(std::move(listener)), handler_(std::move(handler)), alone_(std::move(alone)) {}

Server::~Server() { close(); }

void Server::close() {
  if (pause_) loop_.cancel(std::exchange(pause_, 0));
  loop_.forget(listener_.get());
  listener_ = {};
  for (const auto& [fd, connection] : connections_) loop_.forget(fd);
  connections_.clear();
}

Outcome<> Server::listen() {
  return loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { take_connection(); });
}

void Server::take_connection() {
  auto socket = kernel::opened<kernel::Socket>("accept4", __NR_accept4, listener_.get(), nullptr, nullptr,
                                               SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (!socket && socket.error().code != EAGAIN && socket.error().code != ECONNABORTED) return pause();
  if (!socket || !is_ours(*socket)) return;
  const auto connection = std::make_shared<Connection>(*this, std::move(*socket));
  if (connection->watch()) connections_[connection->fd()] = connection;
}

/// Without a descriptor or memory for it (accept(2)), the one that waits would be told of again and again.
void Server::pause() {
  constexpr auto length = std::chrono::milliseconds(100);
  loop_.forget(listener_.get());
  pause_ = loop_.after(length, [this] {
    pause_ = 0;
    if (!listen()) pause();
  });
}

void Server::drop(int fd) {
  loop_.forget(fd);
  connections_.erase(fd);
  if (alone_ && is_alone()) alone_();
}

Outcome<> Connection::watch() {
  return server_.loop_.watch(fd(), awaited_, [this](std::uint32_t events) { ready(events); });
}

void Connection::ready(std::uint32_t events) {
  const auto kept = shared_from_this();  // drop() lets go of the server's
  if (events & EPOLLOUT) broken_ |= !write();
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) broken_ |= !read();
  if (broken_) server_.drop(fd());
}

/// One read, so that one busy peer does not keep the others waiting; the loop comes back while there is more.
bool Connection::read() {
  char bytes[4096];
  const auto n = kernel::read(socket_.get(), bytes);
  if (!n) return n.error().code == EAGAIN;
  if (*n == 0) return false;
  frames_.add({bytes, *n});
  while (const auto frame = frames_.next()) take(*frame);
  return true;
}

void Connection::take(const wire::FrameReader::Frame& frame) {
  using Type = wire::FrameHeader::Type;
  if (frame.header.type != Type::request) return;  // the protocol passes over what it does not know
  const Reply reply(weak_from_this(), frame.header.stream);
  if (frame.oversized)
    return reply.fail(wire::Code::resource_exhausted,
                      fmt::format("a message of {} bytes; at most {} are taken", frame.header.length,
                                  wire::longest_message));
  const auto request = wire::decode<wire::Request>(frame.message);
  if (!request) return reply.fail(wire::Code::invalid_argument, request.error().text);
  server_.handler_(*request, reply);
}

void Connection::send(std::uint32_t stream, const wire::Response& response) {
  to_send_ += wire::frame(stream, wire::FrameHeader::Type::response, wire::encode(response));
  // A broken one is dropped by the loop, which is told of it: the caller may be in the midst of reading from
  // it.
  broken_ |= !(awaited_ & EPOLLOUT ? await() : write());
}

bool Connection::write() {
  while (!to_send_.empty()) {
    const auto n = kernel::send_some(socket_.get(), to_send_, {});
    if (!n && n.error().code != EAGAIN) return false;
    if (!n) break;
    to_send_.erase(0, *n);
  }
  return await();
}

/// Who asks and does not take the answers is not asked for more: they are kept in memory.
bool Connection::await() {
  constexpr std::size_t most_kept = 1U << 20;
  const std::uint32_t wanted =
      (to_send_.size() < most_kept ? EPOLLIN : 0U) | (to_send_.empty() ? 0U : EPOLLOUT);
  if (std::exchange(awaited_, wanted) == wanted) return true;
  return server_.loop_.change(fd(), wanted).has_value();
}

}  // namespace lodger::shim
