#include <fmt/core.h>
#include <linux/seccomp.h>

#include <algorithm>

#include "runtime/security/seccomp.hpp"
#include "runtime/security/seccomp_model.hpp"
#include "runtime/security/syscalls.hpp"

namespace lodger::security {
namespace {

bool passes(std::uint32_t action) {
  const auto verdict = action & SECCOMP_RET_ACTION_FULL;
  return verdict == SECCOMP_RET_ALLOW || verdict == SECCOMP_RET_LOG;
}

/// Init closes its own end when the agent has one, which then may be asked, or the call fail: with it alone
/// left, nobody would answer.
bool survives(std::uint32_t action) {
  const auto verdict = action & SECCOMP_RET_ACTION_FULL;
  return passes(action) || verdict == SECCOMP_RET_ERRNO || verdict == SECCOMP_RET_USER_NOTIF;
}

struct Needed {
  std::string_view call;
  bool (*good)(std::uint32_t action);
};
constexpr Needed needed[] = {{"sendmsg", passes}, {"recvmsg", passes}, {"close", survives}};

/// Whatever its arguments are: they are init's own business.
bool always(const Model& model, std::uint32_t number, bool (*good)(std::uint32_t action)) {
  const auto& ranges = model.sections.front().ranges;
  const auto after = std::ranges::upper_bound(ranges, number, {}, &Range::first);
  const Verdict& verdict = model.verdicts[std::prev(after)->verdict];
  return good(verdict.otherwise) && std::ranges::all_of(verdict.rules, good, &Rule::action);
}

std::uint32_t native_number(std::string_view name) {
  const unsigned native = native_architecture();
  return architectures()[native].base + syscall_slot(native, find_syscall(name).value());
}

}  // namespace

Outcome<> check_listener(const spec::Seccomp& profile) {
  if (!profile.notifies()) return {};
  const auto made = TRY(model(profile, true));
  for (const auto& [call, good] : needed)
    if (!always(made, native_number(call), good))
      return refuse(
          fmt::format("linux.seccomp: the profile stops {}, which takes part in giving the listener for "
                      "SCMP_ACT_NOTIFY to its agent; allow that call without conditions",
                      call));
  return {};
}

}  // namespace lodger::security
