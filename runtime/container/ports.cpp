#include "runtime/container/ports.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "netmode/ports/holders.hpp"
#include "runtime/container/members.hpp"
#include "runtime/container/query.hpp"

namespace lodger::container {
namespace {

using netmode::ports::Held;
using netmode::ports::Holders;
using netmode::ports::Inodes;
using netmode::ports::Stack;

struct Dump {
  bool host = false;
  std::vector<Held> sockets;
};

/// Network stacks by identity: containers that share one are served by one look at it.
class Dumps {
 public:
  /// Of the container's process, which the record names and `process` holds.
  Outcome<const Dump*> of(const Record& record, const kernel::Fd<kernel::Process>& process);

 private:
  std::map<std::pair<dev_t, ino_t>, Dump> dumps_;
};

Outcome<const Dump*> Dumps::of(const Record& record, const kernel::Fd<kernel::Process>& process) {
  const auto path = fmt::format("/proc/{}/ns/net", record.pid);
  const auto network =
      TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
  if (!TRY(alive(record))) return refuse("container not running", ESRCH);  // another process's, perhaps
  const auto theirs = TRY(explained(kernel::status(network.get()), path));
  const auto ours = TRY(explained(kernel::status(kernel::cwd, "/proc/self/ns/net", 0), "/proc/self/ns/net"));
  const std::pair identity(theirs.st_dev, theirs.st_ino);
  if (const auto known = dumps_.find(identity); known != dumps_.end()) return &known->second;
  Dump dump{identity == std::pair(ours.st_dev, ours.st_ino), {}};
  auto stack = TRY(dump.host ? Stack::open() : Stack::open(network, process));
  dump.sockets = TRY(stack.held());
  std::erase_if(dump.sockets, &Held::connected);
  return &dumps_.emplace(identity, std::move(dump)).first->second;
}

bool made_by(const Members& container, const Held& held) {
  return std::ranges::count(container.cgroups, held.cgroup) > 0;
}

/// Among the container's own processes; then, for what it made and gave away, among all.
Outcome<Holders> holders_of(const Members& container, const std::vector<Held>& sockets) {
  Inodes all;
  for (const auto& held : sockets)
    if (held.inode != 0) all.insert(held.inode);
  auto found = TRY(netmode::ports::holders(container.processes, all));
  Inodes given_away;
  for (const auto& held : sockets)
    if (held.inode != 0 && made_by(container, held) && !found.contains(held.inode))
      given_away.insert(held.inode);
  if (given_away.empty()) return found;
  const auto processes = TRY(netmode::ports::all_processes());
  found.merge(TRY(netmode::ports::holders(processes, given_away)));
  return found;
}

std::vector<HeldPort::Process> named(const std::vector<pid_t>& pids) {
  std::vector<HeldPort::Process> processes;
  for (const pid_t pid : pids) processes.push_back({pid, netmode::ports::process_name(pid)});
  return processes;
}

Outcome<std::vector<HeldPort>> ports_of(const Record& record, Dumps& dumps) {
  const auto process = TRY(process_of(record));
  if (!process) return refuse("container not running", ESRCH);
  const auto* dump = TRY(dumps.of(record, process));
  const auto container = TRY(members(record));
  const auto holders = TRY(holders_of(container, dump->sockets));
  std::vector<HeldPort> held;
  for (const auto& socket : dump->sockets) {
    const auto found = holders.find(socket.inode);
    const bool open = found != holders.end();
    if (!open && !made_by(container, socket)) continue;
    held.push_back(
        {record.id, dump->host, socket, open ? named(found->second) : std::vector<HeldPort::Process>()});
  }
  std::ranges::stable_sort(held, {}, [](const HeldPort& one) {
    return std::tuple(one.socket.port, one.socket.protocol, one.socket.address.v6, one.socket.address.bytes);
  });
  return held;
}

}  // namespace

Outcome<std::vector<HeldPort>> ports(const Store& store, const std::string& id) {
  const Folder folder = TRY(store.look(id));
  const Record record = TRY(folder.read());
  Dumps dumps;
  return ports_of(record, dumps);
}

Outcome<PortListing> ports(const Store& store) {
  auto containers = TRY(list(store));
  PortListing listing{{}, std::move(containers.broken)};
  Dumps dumps;
  for (const auto& entry : containers.entries) {
    if (entry.pid() == 0) continue;
    auto held = ports_of(entry.record, dumps);
    if (held)
      std::ranges::move(*held, std::back_inserter(listing.ports));
    else if (held.error().code != ESRCH)  // else it has ended since it was listed
      listing.broken.push_back(fmt::format("container {}: {}", entry.record.id, held.error().text));
  }
  return listing;
}

}  // namespace lodger::container
