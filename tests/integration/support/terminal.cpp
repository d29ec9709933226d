#include "terminal.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

namespace lodger::test {

using support::readable;

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

int Receiver::descriptor() {
  const std::chrono::seconds limit(10);
  const auto peer = socket_.connection(limit);
  REQUIRE(peer);
  REQUIRE(readable(peer.get(), limit));
  auto message = support::receive(peer.get());
  REQUIRE(message.descriptors.size() == 1);
  received_ = std::move(message.descriptors.front());
  return received_.get();
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
