#include "runtime/container/remove.hpp"

#include <fmt/core.h>
#include <signal.h>

#include "runtime/shim/leavings.hpp"
#include "runtime/shim/living.hpp"
#include "runtime/shim/mounts.hpp"
#include "runtime/shim/publisher.hpp"
#include "runtime/shim/serve.hpp"
#include "runtime/shim/start.hpp"

namespace lodger::shim {
namespace {

void warn(std::string_view line) { log(cli::Level::warning, line); }

/// By the runtime itself, with no shim. Of an end that nobody has seen containerd is told what it was: by
/// force.
Outcome<wire::DeleteResponse> remove_by_force(const std::string& id) {
  const auto left = TRY(read_leavings("."));
  if (left) TRY(container::remove(container::Store(left->state_root), {id, true}, warn));
  const auto exit = left && left->exit ? *left->exit : Exit{128 + SIGKILL, now()};
  return wire::DeleteResponse{left ? static_cast<std::uint32_t>(left->pid) : 0, exit.status, exit.at};
}

}  // namespace

Outcome<std::string> remove(const Invocation& invocation) {
  auto answer = give_up_by_shim(".", invocation.id);
  if (!answer) {
    warn(answer.error().text + "; the container is removed without it");
    answer = std::nullopt;
  }
  if (!*answer) *answer = TRY(remove_by_force(invocation.id));
  TRY(unmount_all("rootfs"));
  // Last: what a killed shim was about to start held its socket for a moment.
  if (auto gone = remove_socket_of_dead("."); !gone) warn(gone.error().text);
  return wire::encode(**answer);
}

}  // namespace lodger::shim
