// The clause of "linux.memoryPolicy". Source: runtime-spec 1.3, config-linux.md, "Memory policy";
// set_mempolicy(2).
#include <fmt/core.h>

#include <algorithm>

#include "spec/clauses.hpp"
#include "spec/number_list.hpp"
#include "spec/scheduling_words.hpp"

namespace lodger::spec {

namespace {

bool has(const MemoryPolicy& policy, int flag) { return std::ranges::count(policy.flags, flag) != 0; }

Outcome<> nodes(const MemoryPolicy& policy) {
  const auto mask = TRY(parse_number_list("linux.memoryPolicy.nodes", policy.nodes, most_nodes));
  const auto name = name_in(memory_policy_modes, policy.mode);
  const bool none = policy.mode == MPOL_DEFAULT || policy.mode == MPOL_LOCAL;
  if (none && !mask.empty()) return refuse(fmt::format("linux.memoryPolicy.nodes: {} takes none", name));
  // MPOL_PREFERRED without nodes is MPOL_LOCAL.
  if (!none && mask.empty() && policy.mode != MPOL_PREFERRED)
    return refuse(fmt::format("linux.memoryPolicy.nodes: {} needs at least one", name));
  return {};
}

Outcome<> flags(const MemoryPolicy& policy) {
  const bool about_nodes = has(policy, MPOL_F_STATIC_NODES) || has(policy, MPOL_F_RELATIVE_NODES);
  if (about_nodes && policy.nodes.empty())
    return refuse(
        "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES say how nodes are meant, "
        "and "
        "there are none");
  if (has(policy, MPOL_F_STATIC_NODES) && has(policy, MPOL_F_RELATIVE_NODES))
    return refuse(
        "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
  if (has(policy, MPOL_F_NUMA_BALANCING) && policy.mode != MPOL_BIND && policy.mode != MPOL_PREFERRED_MANY)
    return refuse(
        "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY only");
  return {};
}

}  // namespace

Outcome<> check_memory_policy(const Linux& object) {
  if (!object.memory_policy) return {};
  TRY(nodes(*object.memory_policy));
  return flags(*object.memory_policy);
}

}  // namespace lodger::spec
