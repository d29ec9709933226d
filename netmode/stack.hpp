// Network stacks told apart by identity. namespaces(7): two files of nsfs with the same device and inode are
// one namespace, however they are spelled; engines name the host's own by a path, too.
#pragma once
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::netmode {

/// Does `path` lead to the stack that `own` (/proc/self/ns/net) leads to? `where` begins the error text.
Outcome<bool> is_own_stack(std::string_view where, const std::string& path, const char* own);

/// The same, and a failure if `path` is anything but a network namespace.
Outcome<bool> check_stack(std::string_view where, const std::string& path, const char* own);

}  // namespace lodger::netmode
