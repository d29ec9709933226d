// Host mode's options on this machine: what each is enforced by, and what stands in the way.
#pragma once
#include "cgroups/cgroup.hpp"
#include "netmode/policy/policy.hpp"
#include "runtime/container/source.hpp"
#include "runtime/plan/caller.hpp"

namespace lodger::container {

/// The programs for a container whose cgroup will be at `place`. Refuses, before anything is made, what
/// nothing here enforces. Without such options it costs nothing.
Outcome<netmode::policy::Policy> load_policy(const netmode::Decision& network, const cgroups::Layout& layout,
                                             const cgroups::Place& place);

/// What the bundle gives the container that leads past its list of ports, one line each.
std::vector<std::string> ways_past(const netmode::Decision& network, const spec::Config& config);

/// What the state keeps.
netmode::Record network_record(const netmode::Decision& network);

/// Puts the programs onto the container's cgroup, before its process is in it to do anything.
Outcome<netmode::policy::Attached> enforce(const netmode::policy::Policy& policy,
                                           const cgroups::Cgroup& cgroup);

/// Takes them off a cgroup that stays when the container goes; the others take them along.
Outcome<> take_off_policy(const netmode::Record& network, const cgroups::Record& cgroup);

}  // namespace lodger::container
