#include "console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace conformance {
namespace {

bool readable(int fd, int milliseconds) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, milliseconds) == 1;
}

/// The descriptor of the message's SCM_RIGHTS: unix(7), cmsg(3).
int received_descriptor(int connection) {
  char text[256];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part{.iov_base = text, .iov_len = sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

}  // namespace

ConsoleSocket::ConsoleSocket(const std::string& path)
    : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path)
    errno = ENAMETOOLONG;
  else {
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        listen(socket_, 1) == 0)
      return;
  }
  throw std::system_error(errno, std::generic_category(), path);
}

ConsoleSocket::~ConsoleSocket() {
  close(socket_);
  if (terminal_ >= 0) close(terminal_);
}

bool ConsoleSocket::receive() {
  if (!readable(socket_, 2000)) return false;
  const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) return false;
  terminal_ = readable(connection, 2000) ? received_descriptor(connection) : -1;
  close(connection);
  if (terminal_ >= 0) fcntl(terminal_, F_SETFL, O_NONBLOCK);
  return terminal_ >= 0;
}

std::string ConsoleSocket::output() {
  char buffer[4096];
  for (ssize_t n = 0; (n = read(terminal_, buffer, sizeof buffer)) > 0;)
    text_.append(buffer, static_cast<std::size_t>(n));
  return text_;
}

}  // namespace conformance
