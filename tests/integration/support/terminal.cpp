#include "terminal.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace lodger::test {
namespace {

bool readable(int fd, std::chrono::milliseconds limit) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

Terminal::Terminal(unsigned short rows, unsigned short columns) {
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(openpty(&master_, &slave_, nullptr, nullptr, &size) == 0);
  fcntl(master_, F_SETFD, FD_CLOEXEC);
  fcntl(slave_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  close(master_);
  close(slave_);
}

void Terminal::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(ioctl(master_, TIOCSWINSZ, &size) == 0);
}

Receiver::Receiver(std::string path) : path_(std::move(path)) {
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  REQUIRE(path_.size() < sizeof name.sun_path);
  std::memcpy(name.sun_path, path_.c_str(), path_.size());
  REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(listen(socket_, 1) == 0);
}

Receiver::~Receiver() {
  if (fd_ >= 0) close(fd_);
  close(socket_);
  unlink(path_.c_str());
}

int Receiver::descriptor() {
  REQUIRE(readable(socket_, std::chrono::seconds(10)));
  const int peer = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(peer >= 0);
  char text[4096];
  alignas(cmsghdr) char control[256];
  iovec part{.iov_base = text, .iov_len = sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  REQUIRE(readable(peer, std::chrono::seconds(10)));
  const ssize_t n = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
  close(peer);
  REQUIRE(n >= 0);
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  REQUIRE(header != nullptr);
  REQUIRE(header->cmsg_type == SCM_RIGHTS);
  REQUIRE(header->cmsg_len == CMSG_LEN(sizeof fd_));
  std::memcpy(&fd_, CMSG_DATA(header), sizeof fd_);
  return fd_;
}

void write_all(int fd, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t n = write(fd, text.data() + at, text.size() - at);
    REQUIRE(n > 0);
    at += static_cast<std::size_t>(n);
  }
}

std::string read_until(int fd, const std::string& text) {
  std::string got;
  while (got.find(text) == std::string::npos) {
    char buffer[4096];
    INFO("waiting for \"" << text << "\", got: " << got);
    REQUIRE(readable(fd, std::chrono::seconds(10)));
    const ssize_t n = read(fd, buffer, sizeof buffer);
    REQUIRE(n > 0);
    got.append(buffer, static_cast<std::size_t>(n));
  }
  return got;
}

std::string read_rest(int fd, std::chrono::milliseconds quiet) {
  std::string got;
  char buffer[65536];
  while (readable(fd, quiet)) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) break;
    got.append(buffer, static_cast<std::size_t>(n));
  }
  return got;
}

}  // namespace lodger::test
