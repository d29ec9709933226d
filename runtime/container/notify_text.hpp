// What a container may say to its host's service manager, and where that one listens. Pure.
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::container {

/// The lines of a container's datagram that are passed on: how it is doing (READY, RELOADING, STOPPING,
/// STATUS, ERRNO, WATCHDOG, EXTEND_TIMEOUT_USEC, MONOTONIC_USEC). Not those by which it would speak for other
/// processes or hand over descriptors (MAINPID, FDSTORE, NOTIFYACCESS, BARRIER). Source: sd_notify(3).
struct NotifyText {
  std::string lines;   // each with its newline; empty: nothing to pass on
  bool ready = false;  // READY=1 is among them
};
NotifyText notify_text(std::string_view datagram);

/// A value of $NOTIFY_SOCKET: an absolute path, or "@name" for an abstract socket. unix(7).
struct NotifyAddress {
  sockaddr_un address{};
  socklen_t size = 0;
};
Outcome<NotifyAddress> notify_address(std::string_view text);

}  // namespace lodger::container
