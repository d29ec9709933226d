// A network namespace that a relay can serve with no capability over the host.
#pragma once
#include "kernel/failure.hpp"
#include "kernel/fd.hpp"

namespace lodger::netmode::relay {

/// Whether root without capabilities may have some over the network: root of a user namespace that has no
/// other users, which is no more than an ordinary user outside, can have it no other way.
enum class Maker : bool { apart, anybody };

/// A new network namespace, owned by a new user namespace in which the host's root is root: who goes there,
/// with CAP_SYS_ADMIN here, has every capability over this network and none over anything else. Root without
/// capabilities, as containers have it, gets none there either. Both live as long as the descriptor, or as a
/// process in them. Needs CAP_SETUID, CAP_SETGID and CAP_SETFCAP here: user_namespaces(7).
Outcome<kernel::Fd<kernel::Namespace>> make_network(Maker maker);

}  // namespace lodger::netmode::relay
