// One connection of ttrpc's server.
#pragma once
#include <memory>
#include <string>

#include "runtime/shim/server.hpp"

namespace lodger::shim {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, kernel::Fd<kernel::Socket> socket)
      : server_(server), socket_(std::move(socket)) {}
  int fd() const { return socket_.get(); }
  Outcome<> watch();
  /// Now, or when the peer takes it.
  void send(std::uint32_t stream, const wire::Response& response);

 private:
  void ready(std::uint32_t events);
  bool read();
  bool write();
  bool await();
  void take(const wire::FrameReader::Frame& frame);

  Server& server_;
  kernel::Fd<kernel::Socket> socket_;
  wire::FrameReader frames_;
  std::string to_send_;
  std::uint32_t awaited_ = EPOLLIN;
  bool broken_ = false;
};

}  // namespace lodger::shim
