// Who the container's process is and what it may do. credentials(7), capabilities(7).
#include <sys/resource.h>

#include "kernel/credentials.hpp"
#include "kernel/scheduling.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

/// CAP_SETPCAP is needed for each drop, so this comes while we still hold everything.
Result<> drop_bounding(const Identity& identity) {
  for (int c = 0; c <= identity.last_capability; ++c)
    if (!(identity.bounding & kernel::capability_bit(c))) TRY(kernel::prctl(PR_CAPBSET_DROP, c, 0, 0, 0));
  return {};
}

/// A hard limit is raised while we hold CAP_SYS_RESOURCE, which another user than root no longer does at the
/// start; and what cannot be raised is told by `create`.
Result<> raise_hard(int resource, std::uint64_t hard) {
  const auto now = TRY(kernel::limit(resource));
  return now.hard >= hard ? Result<>{} : kernel::set_limit(resource, {now.soft, hard});
}

Result<> set_groups(const Identity& identity) {
  auto set = kernel::setgroups(identity.groups);
  if (!set && set.error().code == EPERM && identity.may_keep_groups) return {};
  return set;
}

}  // namespace

Result<> set_limits(Control& control) {
  const auto limits = control.plan().rlimits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const auto& [resource, limit] = limits[i];
    control.at(Stage::rlimit, i);
    TRY(resource == RLIMIT_NOFILE ? raise_hard(resource, limit.hard) : kernel::set_limit(resource, limit));
  }
  return {};
}

Result<> set_limit_of_descriptors(Control& control) {
  const auto limits = control.plan().rlimits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (limits[i].resource != RLIMIT_NOFILE) continue;
    control.at(Stage::rlimit, i);
    TRY(kernel::set_limit(RLIMIT_NOFILE, limits[i].limit));
  }
  return {};
}

Result<> set_personality(Control& control) {
  if (!control.plan().set_personality) return {};
  control.at(Stage::personality);
  return kernel::personality(control.plan().personality);
}

Result<> set_memory_policy(Control& control) {
  const Plan& plan = control.plan();
  if (!plan.set_memory_policy) return {};
  control.at(Stage::memory_policy);
  return kernel::set_memory_policy(plan.memory_policy, plan.memory_nodes);
}

Result<> become(Control& control) {
  const Identity& identity = control.plan().identity;
  control.at(Stage::capabilities);
  // The sets themselves come behind the gate; what they will lack is told before it, where callers expect it.
  const auto all = identity.permitted | identity.effective | identity.ambient;
  if (all & ~TRY(kernel::permitted_capabilities())) return kernel::fail("capset", EPERM);
  TRY(drop_bounding(identity));
  control.at(Stage::identity);
  if (identity.uid != 0) TRY(kernel::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  TRY(set_groups(identity));
  TRY(kernel::setresgid(identity.gid));
  TRY(kernel::setresuid(identity.uid));
  kernel::umask(identity.umask);
  control.at(Stage::no_new_privileges);
  if (identity.no_new_privileges) TRY(kernel::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  return kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0,
                       0);  // a change of ids may have raised it: proc(5), suid_dumpable
}

}  // namespace lodger::init
