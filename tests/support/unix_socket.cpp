#include "unix_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace support {
namespace {

std::vector<Descriptor> descriptors_of(msghdr& message) {
  std::vector<Descriptor> found;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> numbers((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(head), numbers.size() * sizeof(int));
    for (const int fd : numbers) found.emplace_back(fd);
  }
  return found;
}

}  // namespace

bool readable(int fd, std::chrono::milliseconds limit) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, static_cast<int>(limit.count())) == 1;
}

sockaddr_un socket_address(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path)
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Listener::Listener(std::string path)
    : path_(std::move(path)), socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = socket_address(path_);
  if (!socket_ || bind(fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      listen(fd(), 8) < 0)
    throw std::system_error(errno, std::generic_category(), path_);
}

Listener::~Listener() { unlink(path_.c_str()); }

Descriptor Listener::connection(std::chrono::milliseconds limit) const {
  return Descriptor(readable(fd(), limit) ? accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC) : -1);
}

Message receive(int connection) {
  char buffer[8192];
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))];
  iovec part{.iov_base = buffer, .iov_len = sizeof buffer};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  Message message;
  message.answer = recvmsg(connection, &header, MSG_CMSG_CLOEXEC);
  if (message.answer < 0) return message;
  message.text.assign(buffer, static_cast<std::size_t>(message.answer));
  message.descriptors = descriptors_of(header);
  return message;
}

}  // namespace support
