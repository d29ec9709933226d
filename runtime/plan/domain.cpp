// Landlock's part of a plan: a ruleset is a descriptor, which init makes its domain of.
#include <fmt/core.h>

#include "kernel/landlock.hpp"
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

}  // namespace

Outcome<> plan_domain(Planning& planning, init::Plan& plan) {
  if (!planning.wishes.private_abstract) return {};
  TRY(check_kernel());
  kernel::Landlocked what;
  what.scoped = kernel::landlock_abstract_sockets;
  plan.domain = planning.row.add(TRY(explained(kernel::make_ruleset(what), option)));
  return {};
}

}  // namespace lodger::plan
