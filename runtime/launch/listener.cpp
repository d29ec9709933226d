// A filter's listener on its way to the agent. Source: runtime-spec 1.3, config-linux.md, "Seccomp" and "The
// Container Process State".
#include <fmt/core.h>

#include "runtime/launch/launch.hpp"
#include "runtime/terminal/console_socket.hpp"

namespace lodger::launch {

Outcome<> hand_over(const kernel::Fd<kernel::File>& listener, const Opening& opening) {
  constexpr const char* property = "linux.seccomp.listenerPath";
  const auto& seccomp = opening.config.linux->seccomp;
  if (!seccomp || !listener) return refuse("the container's init spoke out of turn", EPROTO);
  // One connection for one listener, closed behind it.
  const auto agent = terminal::connect_to(property, seccomp->listener_path);
  if (!agent)
    return refuse("failed to connect with seccomp agent: " + agent.error().text, agent.error().code);
  const auto document = spec::to_json({opening.pid, seccomp->listener_metadata, opening.state});
  const int fd = listener.get();
  return explained(kernel::send_stream(agent->get(), document, {&fd, 1}),
                   fmt::format("{} {}", property, seccomp->listener_path));
}

}  // namespace lodger::launch
