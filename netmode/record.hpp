// What a container's state keeps of host mode's options: exec needs it, `delete` does, and who asks is shown.
#pragma once
#include "netmode/options.hpp"

namespace lodger::netmode {

struct Record {
  std::optional<std::vector<Ports>> bind;  // as HostOptions has it

  bool any() const { return bind.has_value(); }
  /// Whether there are programs on the container's cgroup.
  bool on_cgroup() const { return bind.has_value(); }
};

/// "80/tcp", "8000-8100/udp": what parse_ports() takes.
std::string to_text(const Ports& ports);

}  // namespace lodger::netmode
