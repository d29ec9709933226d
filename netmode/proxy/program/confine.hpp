// What is given up before the first byte of a client is looked at.
#pragma once
#include <span>

#include "kernel/credentials.hpp"

namespace lodger::netmode::proxy {

/// The user and group of all proxies: a number that no distribution and no user namespace gives out, so that
/// nobody but root and its own kind may signal it. Root's number alone, without a capability, still opens
/// root's files (credentials(7)).
inline constexpr unsigned own_id = 2'100'000'000;

/// The system call filter: any other call, and a socket of another family than IPv4 and IPv6, kills the
/// process.
std::span<const sock_filter> filter();

/// A user that nobody else is, no capability, none to be had by an exec, no look into our memory, and the
/// filter.
kernel::Result<> confine();

}  // namespace lodger::netmode::proxy
