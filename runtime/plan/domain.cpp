// Landlock's part of a plan: a ruleset is a descriptor, which init makes its domain of.
#include <fmt/core.h>
#include <linux/seccomp.h>

#include <algorithm>

#include "netmode/policy/fallback.hpp"
#include "runtime/plan/build.hpp"

namespace lodger::plan {
namespace {

constexpr std::string_view option = "--network host,private-abstract";
constexpr long scopes_since = 6;

Outcome<> check_kernel() {
  const auto version = kernel::landlock_version();
  if (version && *version >= scopes_since) return {};
  const auto found = version ? fmt::format("this kernel's is version {}", *version)
                             : fmt::format("this kernel has none: {}", error_text(version.error().code));
  return refuse(
      fmt::format("{}: it takes version 6 of Landlock, which Linux has since 6.12, and {}{}", option, found,
                  !version && version.error().code == EOPNOTSUPP
                      ? " (\"landlock\" is missing in the boot parameter lsm=)"
                      : ""),
      ENOSYS);
}

void plan_filter(Planning& planning, init::Plan& plan) {
  const auto filter = netmode::policy::fallback_filter();
  const auto instructions = planning.memory.array<sock_filter>(filter.size());
  std::ranges::copy(filter, instructions.begin());
  plan.sockets = {instructions.data(), static_cast<std::uint16_t>(instructions.size()),
                  SECCOMP_FILTER_FLAG_SPEC_ALLOW};
}

}  // namespace

Outcome<> plan_domain(Planning& planning, init::Plan& plan) {
  namespace policy = netmode::policy;
  const auto& wishes = planning.wishes;
  kernel::Landlocked what;
  if (wishes.private_abstract) {
    TRY(check_kernel());
    what.scoped = kernel::landlock_abstract_sockets;
  }
  const auto list = policy::port_set(wishes.bind.value_or(std::vector<netmode::Ports>{}));
  if (wishes.bind && !policy::is_everything(list.tcp))
    plan.domain = planning.row.add(TRY(policy::make_fallback(list, what)));
  else if (what.scoped)
    plan.domain = planning.row.add(TRY(explained(kernel::make_ruleset(what), option)));
  if (wishes.bind) plan_filter(planning, plan);
  return {};
}

}  // namespace lodger::plan
