// What every seccomp agent does: takes the document and the listener that a runtime sends to `listenerPath`
// (config-linux.md), and answers calls. seccomp_unotify(2).
#pragma once
#include <linux/seccomp.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "descriptor.hpp"

namespace support {

/// What one connection brought.
struct Delivery {
  std::string text;
  std::vector<Descriptor> descriptors;
  std::size_t at_first = 0;  // how many of them came with the first recvmsg(2)
  bool closed = false;       // the runtime closed the connection after it
};
/// Reads a connection to its end, or until nothing comes for `quiet`.
Delivery take_delivery(int connection, std::chrono::milliseconds quiet);

/// What an agent says to a call.
struct Answer {
  int error = 0;  // an errno, or
  long value = 0;
  bool go_on = false;  // the call itself
};
/// Takes one call from a listener and answers it; the number of the call, nothing where the caller was killed
/// meanwhile.
std::optional<int> answer_call(int listener, const std::function<Answer(const seccomp_notif&)>& judge);

}  // namespace support
