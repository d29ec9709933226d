#include "runtime/container/notify_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>

#include "spec/text.hpp"

namespace lodger::container {
namespace {

constexpr std::string_view passed[] = {"READY",    "RELOADING",           "STOPPING",      "STATUS", "ERRNO",
                                       "WATCHDOG", "EXTEND_TIMEOUT_USEC", "MONOTONIC_USEC"};

}  // namespace

NotifyText notify_text(std::string_view datagram) {
  NotifyText text;
  while (!datagram.empty()) {
    const auto line = spec::cut(datagram, '\n');
    const auto name = line.substr(0, line.find('='));
    if (name.size() == line.size() || std::ranges::find(passed, name) == std::end(passed)) continue;
    if (line.find('\0') != line.npos) continue;
    text.lines.append(line).push_back('\n');
    text.ready |= line == "READY=1";
  }
  return text;
}

Outcome<NotifyAddress> notify_address(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return refuse(
        fmt::format("NOTIFY_SOCKET {}: {}: wanted is the absolute path of a socket, or @name; unset it to "
                    "start without notifications",
                    text, why),
        EINVAL);
  };
  if (text.size() < 2 || (text.front() != '/' && text.front() != '@'))
    return wrong("not an address of a unix socket");
  NotifyAddress to;
  if (text.size() >= sizeof to.address.sun_path) return wrong("longer than 107 characters");
  to.address.sun_family = AF_UNIX;
  std::ranges::copy(text, to.address.sun_path);
  if (text.front() == '@') to.address.sun_path[0] = '\0';
  // An abstract name has no terminator: its length says where it ends.
  to.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (text.front() == '/' ? 1 : 0));
  return to;
}

}  // namespace lodger::container
