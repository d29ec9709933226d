// What a container's state keeps of host mode's options: exec and `delete` need it, and who asks is shown.
#pragma once
#include "netmode/options.hpp"

namespace lodger::netmode {

struct Record {
  std::optional<std::vector<Ports>> bind;  // as HostOptions has it

  std::vector<Publication> map;         // with their host ports decided
  bool landlocked = false;              // it is Landlock that keeps `bind`, in each process's domain
  bool private_abstract = false;        // exec gets a domain of its own
  std::vector<std::uint32_t> programs;  // on the container's cgroup, by their numbers in the kernel

  bool any() const { return bind || !map.empty() || private_abstract; }
  /// Whether there are programs on the container's cgroup.
  bool on_cgroup() const { return (bind && !landlocked) || !map.empty(); }
};

/// "80/tcp", "8000-8100/udp": what parse_ports() takes.
std::string to_text(const Ports& ports);
/// "127.0.0.1:8080:80/tcp", "[::1]::80/udp": what parse_publish() takes.
std::string to_text(const Publication& publication);

}  // namespace lodger::netmode
