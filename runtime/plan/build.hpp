// The whole plan of a container, from its checked configuration.
#pragma once
#include <string>
#include <vector>

#include "kernel/process.hpp"
#include "runtime/plan/planning.hpp"

namespace lodger::plan {

/// A finished plan, and what the parent needs for the clone itself.
struct Built {
  init::Plan* plan = nullptr;      // in the planning's memory; only `filter` is still to be filled
  init::Rootfs* rootfs = nullptr;  // the plan's own, whose `ground` is still to be filled; none for exec
  std::uint64_t first_clone = 0;   // CLONE_NEW* of the first clone
  bool new_user_namespace = false;
  std::vector<std::string> warnings;
};

/// Opens everything that lies on the host, so that failures come before anything is made. A plan that does
/// not fit into its memory is refused.
Outcome<Built> build(Planning& planning);

/// The plan of a process that joins the container of `init` (exec): its namespaces as they are, and the
/// configuration's process. `root` is the container's, where it lives in our mount namespace; else nothing.
/// join.cpp
Outcome<Built> build_join(Planning& planning, kernel::Fd<kernel::Process> init, pid_t pid,
                          kernel::Fd<kernel::Path> root);

/// Namespaces to make and to join. namespaces.cpp
Outcome<> plan_namespaces(Planning& planning, Built& built);
/// The container's process: arguments, identity, limits, settings. process.cpp
Outcome<> plan_process(Planning& planning, Built& built);
/// Keyring, personality and memory policy: what every process gets; and names and sysctls beside them.
void plan_settings_of_process(Planning& planning, init::Plan& plan);
void plan_settings(Planning& planning, init::Plan& plan);
/// The Landlock domain that the wishes take. Refuses what this kernel's Landlock cannot. domain.cpp
Outcome<> plan_domain(Planning& planning, init::Plan& plan);
/// createContainer and startContainer hooks. hooks.cpp
void plan_hooks(Planning& planning, init::Plan& plan);

/// What `build` gives, or the refusal of a plan that does not fit into its memory.
template <class Build>
Outcome<Built> fitting(Build build) try {
  return build();
} catch (const std::bad_alloc&) {
  return refuse("the configuration is too large: it does not fit into the 64 MiB of a plan", ENOMEM);
}

}  // namespace lodger::plan
