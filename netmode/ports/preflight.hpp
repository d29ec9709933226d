// Before anything is made: are the ports that a container declares free on the host?
//
// It is a look, not a reservation: who binds a port between the look and the application's own bind has it.
// And the kernel does not tell which sockets have SO_REUSEPORT: a server that means to share its port with
// one outside is reported as one that cannot have it.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "netmode/mode.hpp"
#include "netmode/ports/sockets.hpp"

namespace lodger::netmode::ports {

/// A publication of another container's that NAT carries: it has no socket, and what comes to its ports does
/// not come to one that binds them.
struct Translated {
  Publication publication;
  std::string container;
};

/// Who else is on this host, which a room above this one knows. Asked only where there is a clash.
struct Neighbours {
  /// The container that a socket belongs to, by its id; empty: none. `holders`: who has it open.
  std::function<std::string(const Held& held, std::span<const pid_t> holders)> container_of;
  std::function<std::string(uid_t uid)> user_name;
  std::function<std::vector<Translated>()> translated;
  /// Where to look for a process that is in no container of ours; empty: nowhere in particular.
  std::function<std::string(pid_t pid)> where = [](pid_t) { return std::string(); };
};

/// What there is to warn of, if anything. A failure where a port is taken and `require-ports` was asked for,
/// or the kernel cannot be asked then. Costs no system call where no port is declared, else one dump per
/// family and protocol, and a look through /proc where there is a clash.
Outcome<std::optional<std::string>> preflight(const Decision& decision, const Neighbours& neighbours);

}  // namespace lodger::netmode::ports
