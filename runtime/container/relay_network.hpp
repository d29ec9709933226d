// A container's relay (netmode/relay), from the flags to the state on disk.
#pragma once
#include <optional>

#include "netmode/policy/policy.hpp"
#include "netmode/relay/relay.hpp"
#include "runtime/container/cgroup_place.hpp"
#include "runtime/container/source.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// The relay's process is in a cgroup beside the container's, of the same name with ":relay" behind it, which
/// no container's id can be. There it may bind the host's ports below 1024 without a capability.
class RelayNetwork {
 public:
  RelayNetwork() = default;
  /// Everything that can be refused, with nothing made yet: the program, what it can do. A container without
  /// a user namespace of its own gets its network namespace here, which `source` names from here on: it
  /// belongs to a user namespace that is the relay's, so that the relay needs no power over the host. Nothing
  /// for a container of another mode, which costs nothing.
  static Outcome<RelayNetwork> plan(Source& source, const Notices& notices, int interrupt);
  /// The part of plan() that makes nothing; the configuration is one for Linux.
  static Outcome<> check(const Source& source, const Notices& notices);
  /// For a container that has lost its relay.
  static Outcome<RelayNetwork> again(const netmode::relay::Record& record, const Notices& notices);

  explicit operator bool() const { return relay_.has_value(); }
  /// What a making that is cut short may leave; for the record before anything is made.
  cgroups::Record intend(const cgroups::Layout& layout, cgroups::Place place);
  /// Takes hold of the network namespace of `pid`, if it has none yet: an init that an ordinary user may look
  /// at is so for a moment only.
  Outcome<> look_at(pid_t pid);
  /// Its process, in its cgroup, for the network namespace of `pid`; it waits for go().
  Outcome<> start(const cgroups::Layout& layout, pid_t pid);
  void write_to(Record& record) const;
  /// Once the record says so.
  Outcome<> go() { return relay_ ? relay_->go() : Outcome<>{}; }
  /// Until it carries.
  Outcome<> await() { return relay_ ? relay_->await() : Outcome<>{}; }
  /// From here on it is the record's: see leave_relay().
  void commit();

 private:
  Outcome<> rule_sockets();

  int interrupt_ = -1;
  const Notices* notices_ = nullptr;
  cgroups::Place place_;
  kernel::Fd<kernel::Namespace> network_;
  // The process goes before the cgroup that it is in.
  std::optional<cgroups::Cgroup> cgroup_;
  netmode::policy::Attached policy_;
  std::optional<netmode::relay::Relay> relay_;
};

/// Where the relay's cgroup is, beside the container's.
cgroups::Place relay_place(const cgroups::Place& container, const std::string& id);

/// Undoes what a record says of the relay.
Outcome<> leave_relay(const Record& record);

/// For containers that live and whose relay does not: a new one, of the program that is found now, where the
/// administrator's word and the caller's (`policy`, a file; empty: none) allow it now; what was done, a line
/// each, goes to `done`. One that cannot be helped is told of and hinders no other.
Outcome<> mend_relays(const Store& store, const std::string& policy, std::vector<std::string>& done,
                      const Notices& notices);

}  // namespace lodger::container
