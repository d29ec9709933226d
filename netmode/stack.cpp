#include "netmode/stack.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"

namespace lodger::netmode {

namespace {

Outcome<Identity> look_at(std::string_view where, const char* path) {
  return identity_of(
      TRY(explained(kernel::status(kernel::cwd, path, 0), fmt::format("{}: {}", where, path))));
}

}  // namespace

Outcome<Stack> look_at_stack(std::string_view where, const std::string& path, const char* own) {
  const auto theirs = TRY(look_at(where, path.c_str()));
  const auto ours = TRY(look_at(where, own));
  return Stack{theirs, theirs == ours};
}

Outcome<Stack> check_stack(std::string_view where, const std::string& path, const char* own) {
  const auto theirs = TRY(look_at(where, path.c_str()));
  const auto ours = TRY(look_at(where, own));
  // All namespaces lie on one nsfs. Looking at the device first means that nothing else is ever opened:
  // opening a FIFO waits, opening a device acts.
  if (theirs.device != ours.device)
    return refuse(
        fmt::format("{}: {} is not a namespace; expected a file such as /run/netns/NAME or "
                    "/proc/PID/ns/net",
                    where, path));
  if (theirs == ours) return Stack{theirs, true};
  const auto doing = fmt::format("{}: {}", where, path);
  const auto ns =
      TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), doing));
  const auto type = TRY(explained(kernel::namespace_type(ns.get()), doing));
  if (type == CLONE_NEWNET) return Stack{theirs, false};
  return refuse(fmt::format("{}: {} is a namespace, but not a network namespace", where, path));
}

}  // namespace lodger::netmode
