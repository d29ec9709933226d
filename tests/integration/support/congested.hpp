// A listening socket whose queue is full: who connects waits, until it is killed.
#pragma once
#include <catch2/catch.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/descriptor.hpp"
#include "tests/support/unix_socket.hpp"

namespace lodger::test {

class Congested {
 public:
  explicit Congested(std::string path) : path_(std::move(path)) {
    const sockaddr_un address = support::socket_address(path_);
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    const int listening = fds_.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)).get();
    REQUIRE(bind(listening, to, sizeof address) == 0);
    REQUIRE(listen(listening, 0) == 0);
    do fds_.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (connect(fds_.back().get(), to, sizeof address) == 0);
    REQUIRE(errno == EAGAIN);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<support::Descriptor> fds_;
};

}  // namespace lodger::test
