// From the clone to pasta's exec: straight-line code over descriptors, that allocates nothing.
#pragma once
#include "kernel/result.hpp"

namespace lodger::netmode::relay {

/// Open in the child as they are here.
struct Birth {
  int nowhere = -1, ready = -1, errors = -1;  // its stdin, stdout and stderr
  int network = -1, user = -1;  // the container's network namespace, and the user namespace that owns it
  int go = -1;                  // readable: a byte when it may go on, the end when it must not
  int refusal = -1;             // takes a kernel::Error where it does not become pasta; closed by exec
  const char* path = nullptr;
  const char* const* argv = nullptr;
};

/// In the user namespace, as its root, in a mount namespace where network_file is the network's: no
/// capability over the host is left, no new privileges can come, and of our descriptors it has its three.
/// What it does not need is closed first of all: before it waits, and before it is in a user namespace whose
/// members might look into it.
[[noreturn]] void become_relay(const Birth& birth);

}  // namespace lodger::netmode::relay
