// A network namespace that a relay can serve with no capability over the host.
#pragma once
#include "kernel/failure.hpp"
#include "kernel/fd.hpp"

namespace lodger::netmode::relay {

/// A new network namespace, owned by a new user namespace in which the host's root is root: who goes there
/// has every power over this network and none over anything else. Both live as long as the descriptor, or as
/// a process in them. Needs CAP_SETUID and CAP_SETGID here: user_namespaces(7).
Outcome<kernel::Fd<kernel::Namespace>> make_network();

}  // namespace lodger::netmode::relay
