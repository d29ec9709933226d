// Which ports containers hold: listeners and bound sockets, as the kernel tells of them. For a container on
// the host's network these are the host's ports.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "netmode/ports/sockets.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

struct HeldPort {
  struct Process {
    pid_t pid = 0;
    std::string name;
  };
  std::string container;  // its id
  bool host = false;      // in the network stack of who asks; else in one of the container's own
  bool relay = false;     // its relay's: what comes in here is carried to the same port of the other stack
  netmode::ports::Held socket;
  std::vector<Process> processes;  // that have it open, by pid; none where they are not to be seen
};

/// Those of one container, by port: sockets that were made in its cgroup2, and those that its processes have
/// open, such as one that came by LISTEN_FDS. UDP sockets with a peer are clients and left out. Fails with
/// "container not running" for a stopped one.
///
/// Of a container with a relay also those of the relay, on both sides; that it has ended is told of in
/// `broken`.
struct PortListing {
  std::vector<HeldPort> ports;
  std::vector<std::string> broken;
};
Outcome<PortListing> ports(const Store& store, const std::string& id);

/// Those of all containers that live, by id. A container that cannot be looked at is told of in `broken` and
/// hides no other.
Outcome<PortListing> ports(const Store& store);

/// A table under the columns PROTOCOL ADDRESS PORT NETWORK PID PROCESS, with ID before them for many
/// containers. port_documents.cpp
std::string port_table(const std::vector<HeldPort>& ports, bool with_id);
/// An array of objects with id, network, protocol, address, port and processes, in lines.
std::string port_array(const std::vector<HeldPort>& ports);

}  // namespace lodger::container
