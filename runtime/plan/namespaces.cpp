// Which namespaces are made, which are joined, and in what order. namespaces(7), setns(2).
#include <fmt/core.h>

#include <algorithm>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "runtime/plan/build.hpp"
#include "runtime/plan/namespace_types.hpp"

namespace lodger::plan {
namespace {

/// What was decided about the network (the host's stack or not, its ports, sysctls, an administrator's
/// policy) was decided about one namespace: whoever can swap the path meanwhile must not have another joined.
Outcome<> check_judged(int ns, const netmode::Identity& judged, std::string_view doing) {
  const auto found = TRY(explained(kernel::status(ns), doing));
  if (netmode::identity_of(found) == judged) return {};
  return refuse(fmt::format("{}: leads to another network namespace than a moment before, when it was "
                            "looked at; try again, with a path that nobody changes",
                            doing),
                ESTALE);
}

/// Opened before anything is made, and checked to be a namespace of that type.
Outcome<> plan_join(Planning& planning, std::size_t index, std::vector<init::Join>& joins) {
  const auto& entry = planning.linux().namespaces[index];
  const auto doing = fmt::format("linux.namespaces[{}].path {}", index, entry.path);
  auto ns = TRY(explained(
      kernel::openat<kernel::Namespace>(kernel::cwd, entry.path.c_str(), O_RDONLY | O_NONBLOCK), doing));
  const auto& wanted = words_of(entry.type);
  const auto type = kernel::namespace_type(ns.get());
  if (!type || *type != wanted.clone_flag)
    return refuse(fmt::format("{}: no {} namespace", doing, wanted.name), EINVAL);
  if (entry.type == spec::NamespaceType::network && planning.wishes.network)
    TRY(check_judged(ns.get(), *planning.wishes.network, doing));
  joins.push_back({planning.row.add(std::move(ns)), wanted.clone_flag});
  return {};
}

std::string time_offsets(const spec::Linux& linux) {
  std::string text;
  for (const auto& [clock, offset] : linux.time_offsets)
    text += fmt::format("{} {} {}\n", clock, offset.secs, offset.nanosecs);
  return text;
}

}  // namespace

Outcome<> plan_namespaces(Planning& planning, Built& built) {
  // By unshare(2), once their time has come.
  const std::uint64_t later =
      CLONE_NEWCGROUP | CLONE_NEWTIME | (planning.user_namespace() ? CLONE_NEWIPC : 0);
  std::vector<init::Join> joins;
  std::uint64_t fresh = 0;
  const auto& namespaces = planning.linux().namespaces;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (namespaces[i].path.empty())
      fresh |= words_of(namespaces[i].type).clone_flag;
    else
      TRY(planning.failures.noted(plan_join(planning, i, joins)));
  }
  // With privileges over the host, they are needed until the last join; without, a user namespace gives them.
  const bool user_first = !planning.wishes.caller.privileged;
  std::stable_partition(joins.begin(), joins.end(),
                        [&](const init::Join& join) { return (join.type == CLONE_NEWUSER) == user_first; });
  init::Plan& plan = *built.plan;
  plan.joins = planning.memory.copy(joins);
  plan.two_clones = !joins.empty() || fresh & CLONE_NEWUSER;
  (plan.two_clones ? plan.second_clone : built.first_clone) = fresh & ~later;
  built.new_user_namespace = fresh & CLONE_NEWUSER;
  plan.user_namespace = planning.user_namespace();
  plan.shown_to_mapper = built.new_user_namespace && !planning.wishes.caller.privileged;
  // Nobody but the maker shares a namespace with it, as long as it has joined none.
  plan.shown_at_gate = built.new_user_namespace && !planning.wishes.caller.administrator && joins.empty();
  plan.ipc_namespace = fresh & later & CLONE_NEWIPC;
  plan.network_namespace = fresh & CLONE_NEWNET;
  plan.cgroup_namespace = fresh & CLONE_NEWCGROUP;
  plan.time_namespace = fresh & CLONE_NEWTIME;
  plan.time_offsets = planning.memory.bytes(time_offsets(planning.linux()));
  return {};
}

}  // namespace lodger::plan
