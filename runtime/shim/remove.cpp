#include "runtime/container/remove.hpp"

#include <fmt/core.h>
#include <signal.h>

#include "runtime/shim/leavings.hpp"
#include "runtime/shim/mounts.hpp"
#include "runtime/shim/publisher.hpp"
#include "runtime/shim/serve.hpp"
#include "runtime/shim/start.hpp"

namespace lodger::shim {

Outcome<std::string> remove(const Invocation& invocation) {
  const auto root = read_leavings(".");
  if (!root && root.error().code != ENOENT) return std::unexpected(root.error());
  if (root) {
    const auto warn = [](std::string_view line) { log(cli::Level::warning, line); };
    TRY(container::remove(container::Store(*root), {invocation.id, true}, warn));
  }
  TRY(unmount_all("rootfs"));
  return wire::encode(wire::DeleteResponse{0, 128 + SIGKILL, now()});
}

}  // namespace lodger::shim
