#include "agent.hpp"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
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

/// The descriptors of a message: unix(7), cmsg(3).
std::vector<int> descriptors_of(msghdr& message) {
  std::vector<int> found;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    found.resize((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(found.data(), CMSG_DATA(head), found.size() * sizeof(int));
  }
  return found;
}

/// One recvmsg(2): what it read, as recvmsg says.
ssize_t receive(int connection, std::string& text, std::vector<int>& descriptors) {
  char buffer[8192];
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
  iovec part{.iov_base = buffer, .iov_len = sizeof buffer};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  descriptors = n < 0 ? std::vector<int>() : descriptors_of(message);
  return n;
}

}  // namespace

SeccompAgent::SeccompAgent(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path)
    throw std::system_error(ENAMETOOLONG, std::system_category(), path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      listen(socket_, 4) < 0)
    throw std::system_error(errno, std::system_category(), path);
}

SeccompAgent::~SeccompAgent() {
  if (filter_ >= 0) close(filter_);
  if (socket_ >= 0) close(socket_);
}

SeccompAgent::Message SeccompAgent::take() {
  Message message;
  if (!readable(socket_, 2000)) return message;
  const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  for (ssize_t n = 1; n > 0 && readable(connection, 2000);) {
    std::vector<int> descriptors;
    n = receive(connection, message.text, descriptors);
    message.closed = n == 0;
    if (n > 0) message.descriptors.push_back(descriptors.size());
    for (const int fd : descriptors) {
      if (filter_ >= 0) close(filter_);
      filter_ = fd;
    }
  }
  close(connection);
  return message;
}

int SeccompAgent::answer(int error) {
  seccomp_notif call{};
  if (filter_ < 0 || !readable(filter_, 2000) || ioctl(filter_, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
    return -1;
  seccomp_notif_resp response{.id = call.id, .val = 0, .error = -error, .flags = 0};
  return ioctl(filter_, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 ? -1 : call.data.nr;
}

}  // namespace conformance
