#include "seccomp_agent.hpp"

#include <sys/ioctl.h>

#include "unix_socket.hpp"

namespace support {

Delivery take_delivery(int connection, std::chrono::milliseconds quiet) {
  Delivery delivery;
  while (readable(connection, quiet)) {
    auto message = receive(connection);
    delivery.closed = message.answer == 0;
    if (message.answer <= 0) break;
    if (delivery.text.empty()) delivery.at_first = message.descriptors.size();
    delivery.text += message.text;
    for (auto& fd : message.descriptors) delivery.descriptors.push_back(std::move(fd));
  }
  return delivery;
}

std::optional<int> answer_call(int listener, const std::function<Answer(const seccomp_notif&)>& judge) {
  seccomp_notif call{};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) return std::nullopt;
  const Answer said = judge(call);
  seccomp_notif_resp response{.id = call.id, .val = said.value, .error = -said.error, .flags = 0};
  if (said.go_on) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0) return std::nullopt;
  return call.data.nr;
}

}  // namespace support
