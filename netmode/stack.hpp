// Network stacks told apart by identity. namespaces(7): two files of nsfs with the same device and inode are
// one namespace, however they are spelled; engines name the host's own by a path, too.
#pragma once
#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::netmode {

/// A namespace as the kernel tells it from all others that there are.
struct Identity {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const Identity&) const = default;
};
inline Identity identity_of(const struct stat& file) { return {file.st_dev, file.st_ino}; }

/// Where a path leads to.
struct Stack {
  Identity identity;
  bool own = false;  // this process's
};

/// Does `path` lead to the stack that `own` (/proc/self/ns/net) leads to? `where` begins the error text.
Outcome<Stack> look_at_stack(std::string_view where, const std::string& path, const char* own);

/// The same, and a failure if `path` is anything but a network namespace.
Outcome<Stack> check_stack(std::string_view where, const std::string& path, const char* own);

}  // namespace lodger::netmode
