// Host mode's options on this machine: what each is enforced by, and what stands in the way.
#pragma once
#include "cgroups/cgroup.hpp"
#include "netmode/policy/policy.hpp"
#include "netmode/powers.hpp"
#include "runtime/container/source.hpp"
#include "runtime/plan/planning.hpp"

namespace lodger::container {

struct HostOptions {
  netmode::policy::Policy policy;  // in the kernel, in force nowhere yet
  netmode::Record record;          // what the state keeps
  std::vector<std::string>
      warnings;  // what the bundle gives the container that leads past them; what was chosen
};
/// For a container whose cgroup will be at `place`. Refuses, before anything is made, what nothing here
/// enforces. Without such options it costs nothing.
Outcome<HostOptions> plan_host_options(const Source& source, const cgroups::Layout& layout,
                                       const cgroups::Place& place);

/// Of a process that joins the container: which of its capabilities lead past them, beside the container's
/// `own`, which were warned of when it was made.
std::vector<std::string> warnings_of_joining(const spec::Config& config,
                                             const std::vector<const netmode::Power*>& own,
                                             const netmode::Record& network);

/// What of them is a Landlock domain: of the container's process, and of each that joins it.
void set_domain(plan::Wishes& wishes, const netmode::Record& network);

/// Puts the programs onto the container's cgroup, before its process is in it to do anything.
Outcome<netmode::policy::Attached> enforce(const netmode::policy::Policy& policy,
                                           const cgroups::Cgroup& cgroup);

/// Takes them off a cgroup that stays when the container goes; the others take them along.
Outcome<> take_off_policy(const netmode::Record& network, const cgroups::Record& cgroup);

}  // namespace lodger::container
