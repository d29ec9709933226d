// The whole plan of a container, from its checked configuration.
#pragma once
#include <string>
#include <vector>

#include "runtime/plan/planning.hpp"

namespace lodger::plan {

/// A finished plan, and what the parent needs for the clone itself.
struct Built {
  init::Plan* plan = nullptr;     // in the planning's memory; only `filter` is still to be filled
  std::uint64_t first_clone = 0;  // CLONE_NEW* of the first clone
  bool new_user_namespace = false;
  std::vector<std::string> warnings;
};

/// Opens everything that lies on the host, so that failures come before anything is made. A plan that does
/// not fit into its memory is refused.
Outcome<Built> build(Planning& planning);

/// Namespaces to make and to join. namespaces.cpp
Outcome<> plan_namespaces(Planning& planning, Built& built);
/// The container's process: arguments, identity, limits, settings. process.cpp
Outcome<> plan_process(Planning& planning, Built& built);
void plan_settings(Planning& planning, init::Plan& plan);
/// createContainer and startContainer hooks. hooks.cpp
void plan_hooks(Planning& planning, init::Plan& plan);

}  // namespace lodger::plan
