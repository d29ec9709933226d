// What the container's process, and a hook in its place, may no longer do. capabilities(7), seccomp(2),
// landlock(7).
#include <linux/seccomp.h>

#include "kernel/credentials.hpp"
#include "kernel/landlock.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

constexpr unsigned about_listener = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

/// `for_filter`: with CAP_SYS_ADMIN beside them.
Result<> set_capabilities(const Identity& identity, bool for_filter) {
  const std::uint64_t filter = for_filter ? kernel::capability_bit(CAP_SYS_ADMIN) : 0;
  TRY(kernel::capset(identity.effective | filter, identity.permitted | filter, identity.inheritable));
  // A raise of the ambient set needs the capability in permitted and inheritable: capabilities(7).
  for (int c = 0; c <= identity.last_capability; ++c)
    if (identity.ambient & kernel::capability_bit(c))
      TRY(kernel::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0));
  return {};
}

/// A filter that asks an agent: whoever opened the gate hands it the listener. What is done here must not
/// wait for an agent that is not there yet: security::check_listener() has seen to that. Our own end goes
/// first of all, since with it alone left nobody would answer the calls that are notified of.
Result<> notify(Control& control) {
  const auto& [instructions, size, flags] = control.plan().filter;
  const auto listener = TRY(kernel::set_filter_with_listener({size, instructions}, flags));
  TRY(control.report(Event::listener, 0, listener.get()));
  return control.expect(Order::handed_over);
}

}  // namespace

Result<> enter_domain(Control& control) {
  const Plan& plan = control.plan();
  control.at(Stage::domain);
  if (plan.domain != none) TRY(kernel::enter_domain(control.fd(plan.domain)));
  const auto& [instructions, size, flags] = plan.sockets;
  return size ? kernel::set_filter({size, instructions}, flags) : Result<>{};
}

Result<> confine(Control& control, Confined whose) {
  const Plan& plan = control.plan();
  const auto& [instructions, size, flags] = plan.filter;
  const bool keep = size && !plan.identity.no_new_privileges;
  control.at(Stage::capabilities);
  TRY(set_capabilities(plan.identity, keep));
  if (!size) return {};
  control.at(Stage::seccomp);
  const bool listens = flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (listens && whose == Confined::process) return notify(control);
  return kernel::set_filter({size, instructions}, flags & ~about_listener);
}

}  // namespace lodger::init
