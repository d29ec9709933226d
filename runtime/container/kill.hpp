// Sending signals to containers.
#pragma once
#include <signal.h>

#include <string>
#include <string_view>

#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// A signal's number from its name, with or without "SIG" and in any case ("TERM", "sigterm", "SIGRTMIN+3"),
/// or from the number itself, 0 to 64. Source: signal(7).
Outcome<int> parse_signal(std::string_view text);

struct KillRequest {
  std::string id;
  int signal = SIGTERM;
  bool all = false;  // every process of the container's cgroup, and no failure when the container is stopped
  const Record* meant = nullptr;  // another container that has the id by now is none
};

/// Fails with "container not running" where there is no process of the container. SIGKILL ends a container
/// that shares its pid namespace as a whole, since nothing else ends its other processes, and a paused one
/// too.
Outcome<> kill(const Store& store, const KillRequest& request);

/// SIGKILL to all of a container, and the wait for its process to end: for delete.
Outcome<> end(const Record& record);

}  // namespace lodger::container
