// What is given up before the first byte of a client is looked at.
#pragma once
#include <span>

#include "kernel/credentials.hpp"

namespace lodger::netmode::proxy {

/// The system call filter: any other call, and a socket of another family than IPv4 and IPv6, kills the
/// process.
std::span<const sock_filter> filter();

/// No capability, none to be had by an exec, no look into our memory, and the filter.
kernel::Result<> confine();

}  // namespace lodger::netmode::proxy
