#include "agent.hpp"

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "command.hpp"

namespace lodger::test {

Agent::Agent(std::string path, Judge judge) : path_(std::move(path)), judge_(std::move(judge)) {
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  REQUIRE(path_.size() < sizeof name.sun_path);
  std::memcpy(name.sun_path, path_.c_str(), path_.size());
  REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(listen(socket_, 8) == 0);
  thread_ = std::thread([this] { serve(); });
}

Agent::~Agent() {
  ending_ = true;
  thread_.join();
  for (const int listener : listeners_) close(listener);
  close(socket_);
  unlink(path_.c_str());
}

std::vector<std::string> Agent::documents(std::size_t count) const {
  const auto now = [this] {
    const std::lock_guard lock(mutex_);
    return documents_;
  };
  (void)eventually([&] { return now().size() >= count; });
  return now();
}
std::vector<std::size_t> Agent::descriptors() const {
  const std::lock_guard lock(mutex_);
  return descriptors_;
}
std::vector<int> Agent::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void Agent::serve() {
  while (!ending_) {
    std::vector<pollfd> set{{socket_, POLLIN, 0}};
    for (const int listener : listeners_) set.push_back({listener, POLLIN, 0});
    if (poll(set.data(), set.size(), 10) <= 0) continue;
    for (const auto& entry : set) {
      if (entry.revents & POLLIN)
        entry.fd == socket_ ? take(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC)) : answer(entry.fd);
      // Nobody is left behind that filter.
      if (entry.fd != socket_ && entry.revents & POLLHUP) std::erase(listeners_, entry.fd), close(entry.fd);
    }
  }
}

/// A document that never ends would keep the thread here, and the test fails by its time-out.
void Agent::take(int connection) {
  std::string document;
  std::vector<int> fds;
  for (;;) {
    char text[512];
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
    iovec part{.iov_base = text, .iov_len = sizeof text};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (n <= 0) break;
    document.append(text, static_cast<std::size_t>(n));
    if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr && head->cmsg_type == SCM_RIGHTS) {
      const auto* first = reinterpret_cast<const int*>(CMSG_DATA(head));
      fds.insert(fds.end(), first, first + (head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    }
  }
  close(connection);
  for (const int fd : fds) judge_ ? listeners_.push_back(fd) : void(close(fd));
  const std::lock_guard lock(mutex_);
  documents_.push_back(std::move(document));
  descriptors_.push_back(fds.size());
}

void Agent::answer(int listener) {
  seccomp_notif asked{};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) return;  // the caller was killed meanwhile
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(asked.data.nr);
  }
  const Answer said = judge_(asked);
  seccomp_notif_resp answer{};
  answer.id = asked.id;
  answer.error = -said.error;
  answer.val = said.value;
  answer.flags = said.go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

}  // namespace lodger::test
