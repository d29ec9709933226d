#include "runtime/container/ports.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "cgroups/manage.hpp"
#include "netmode/ports/holders.hpp"
#include "netmode/stack.hpp"
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
  /// Of the stack that we are in.
  Outcome<const Dump*> ours();
  /// Of the container's process, which the record names and `process` holds.
  Outcome<const Dump*> of(const Record& record, const kernel::Fd<kernel::Process>& process);

 private:
  std::map<netmode::Identity, Dump> dumps_;
};

Outcome<netmode::Identity> own_stack() {
  constexpr const char* path = "/proc/self/ns/net";
  return netmode::identity_of(TRY(explained(kernel::status(kernel::cwd, path, 0), path)));
}

Outcome<Dump> look(Outcome<Stack> stack, bool host) {
  if (!stack) return std::unexpected(std::move(stack.error()));
  Dump dump{host, TRY(stack->held())};
  std::erase_if(dump.sockets, &Held::connected);
  return dump;
}

Outcome<const Dump*> Dumps::ours() {
  const auto own = TRY(own_stack());
  if (const auto known = dumps_.find(own); known != dumps_.end()) return &known->second;
  return &dumps_.emplace(own, TRY(look(Stack::open(), true))).first->second;
}

Outcome<const Dump*> Dumps::of(const Record& record, const kernel::Fd<kernel::Process>& process) {
  const auto path = fmt::format("/proc/{}/ns/net", record.pid);
  const auto network =
      TRY(explained(kernel::openat<kernel::Namespace>(kernel::cwd, path.c_str(), O_RDONLY), path));
  if (!TRY(alive(record))) return refuse("container not running", ESRCH);  // another process's, perhaps
  const auto theirs = netmode::identity_of(TRY(explained(kernel::status(network.get()), path)));
  if (theirs == TRY(own_stack())) return ours();
  if (const auto known = dumps_.find(theirs); known != dumps_.end()) return &known->second;
  return &dumps_.emplace(theirs, TRY(look(Stack::open(network, process), false))).first->second;
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

Outcome<std::vector<HeldPort>> held_by(const Members& who, const Dump& dump) {
  const auto holders = TRY(holders_of(who, dump.sockets));
  std::vector<HeldPort> held;
  for (const auto& socket : dump.sockets) {
    const auto found = holders.find(socket.inode);
    const bool open = found != holders.end();
    if (!open && !made_by(who, socket)) continue;
    held.push_back({.container = who.id,
                    .host = dump.host,
                    .socket = socket,
                    .processes = open ? named(found->second) : std::vector<HeldPort::Process>()});
  }
  return held;
}

/// Both sides of what it carries: its sockets in our stack lead into the container's, those in the
/// container's lead here.
Outcome<> add_relay(const Record& record, const Dump& theirs, Dumps& dumps, PortListing& listing) {
  const auto& relay = record.relay;
  if (relay.program.empty()) return {};
  if (!TRY(netmode::lives(relay.process))) {
    listing.broken.push_back(fmt::format(
        "container {}: its relay, process {}, has ended: nothing is carried between the container "
        "and the host; `lodger network prune` starts another",
        record.id, relay.process.pid));
    return {};
  }
  const Members who{record.id, {relay.process.pid}, TRY(cgroups::unified_ids(record.relay_cgroup))};
  const auto* ours = TRY(dumps.ours());
  for (const auto* dump : {ours, &theirs}) {
    auto all = TRY(held_by(who, *dump));
    for (auto& held : all) {
      held.relay = true;
      listing.ports.push_back(std::move(held));
    }
  }
  return {};
}

Outcome<PortListing> ports_of(const Record& record, Dumps& dumps) {
  const auto process = TRY(process_of(record));
  if (!process) return refuse("container not running", ESRCH);
  const auto* dump = TRY(dumps.of(record, process));
  PortListing listing;
  const auto container = TRY(members(record));
  listing.ports = TRY(held_by(container, *dump));
  TRY(add_relay(record, *dump, dumps, listing));
  std::ranges::stable_sort(listing.ports, {}, [](const HeldPort& one) {
    return std::tuple(one.socket.port, one.socket.protocol, one.relay, one.socket.address.v6,
                      one.socket.address.bytes);
  });
  return listing;
}

}  // namespace

Outcome<PortListing> ports(const Store& store, const std::string& id) {
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
    if (held) {
      std::ranges::move(held->ports, std::back_inserter(listing.ports));
      std::ranges::move(held->broken, std::back_inserter(listing.broken));
    } else if (held.error().code != ESRCH) {  // else it has ended since it was listed
      listing.broken.push_back(fmt::format("container {}: {}", entry.record.id, held.error().text));
    }
  }
  return listing;
}

}  // namespace lodger::container
