// From the clone to "ready": the parent's side, step by step, while init builds the container beside it.
#pragma once
#include <functional>

#include "cgroups/cgroup.hpp"
#include "cgroups/doors.hpp"
#include "runtime/launch/dialogue.hpp"
#include "spec/state.hpp"

namespace lodger::launch {

/// What a launch works with; all of it outlives the launch.
struct Launch {
  const spec::Config& config;
  plan::Memory& memory;
  plan::Built& built;
  const plan::Row& row;
  const plan::Caller& caller;
  cgroups::Cgroup& cgroup;
  spec::State state;  // for the prestart and createRuntime hooks; pid and status are filled in here
  /// Called while an init with a user namespace of its own still shows itself to whoever writes its maps: for
  /// what an ordinary user opens of it, which proc(5) allows of what can be traced alone.
  std::function<Outcome<>(pid_t)> on_shown;
  /// Called once the cgroup is made, before init is let go on in it: for what must be in force by then.
  std::function<Outcome<>()> on_cgroup;
  /// Called once process and cgroup are made, while init is mounting: for what must survive our own end.
  std::function<Outcome<>(pid_t)> on_made;
  int interrupt = -1;  // a descriptor that becomes readable when all of this is to end as a failure
  Streams streams = our_streams;
};

/// Every failure is phrased; by then init is dead and reaped, and what the caller owns undoes the rest.
Outcome<Launched> launch(Launch& launch);

/// What a process needs that joins a container; all of it outlives the joining.
struct Joining {
  const spec::Config& config;  // the container's, with the process that joins
  plan::Memory& memory;
  plan::Built& built;
  const plan::Row& row;
  const cgroups::Doors& doors;
  int interrupt = -1;
  Streams streams = our_streams;
};

/// The clone alone, into the cgroup. The one failure behind which another try, with other doors, is possible:
/// nothing of the plan is used yet.
Outcome<Launched> be_born(const Joining& joining);
/// The rest, as launch(), into a container that is there.
Outcome<> join(const Joining& joining, Launched& launched);

/// What the gate is opened with; all of it outlives the opening.
struct Opening {
  const kernel::Fd<kernel::Socket>& socket;  // the control socket, or the gate's connection
  const spec::Config& config;
  const init::Plan* plan;    // nullptr where it is gone
  pid_t pid;                 // of the process that starts
  const spec::State& state;  // of its container
  int interrupt = -1;        // as with Launch
};

/// Sends the start order and waits for the exec. A filter's listener goes to its agent on the way.
Outcome<> open_gate(const Opening& opening);

/// Sends a listener to the agent at linux.seccomp.listenerPath. listener.cpp
Outcome<> hand_over(const kernel::Fd<kernel::File>& listener, const Opening& opening);

/// uid_map and gid_map; an ordinary user's own id is mapped directly, more by helpers. id_maps.cpp
Outcome<> write_id_maps(pid_t pid, const spec::Linux& linux, const plan::Caller& caller);

}  // namespace lodger::launch
