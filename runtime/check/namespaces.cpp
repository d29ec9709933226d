// Each type of namespace is made once, in a process that ends at once.
#include <fmt/core.h>
#include <unistd.h>

#include "kernel/namespace.hpp"
#include "runtime/check/attempt.hpp"
#include "runtime/check/check.hpp"
#include "runtime/plan/namespace_types.hpp"

namespace lodger::check {
namespace {

bool root() { return ::geteuid() == 0; }

/// An ordinary user makes the others as root of a user namespace; its own limits are then what counts.
kernel::Result<> make(std::uint32_t type) {
  return attempt([&] {
    const std::uint32_t alone = type;
    return kernel::unshare(root() ? alone : alone | CLONE_NEWUSER);
  });
}

std::string help(int code) {
  switch (code) {
    case ENOSPC: return "the limit in /proc/sys/user is reached, or 0";
    case EINVAL: return "this kernel was built without it";
    case EPERM:
    case EACCES:
      return "forbidden to this user: see kernel.unprivileged_userns_clone, "
             "kernel.apparmor_restrict_unprivileged_userns, or a seccomp filter around this process";
    default: return "";
  }
}

Finding judge(const plan::NamespaceWords& type, const kernel::Result<>& made) {
  if (made) return {"namespaces", type.name, Verdict::good, "can be made", ""};
  const bool needed =
      type.type == spec::NamespaceType::mount || (!root() && type.type == spec::NamespaceType::user);
  return {"namespaces", type.name, needed ? Verdict::bad : Verdict::limited,
          fmt::format("cannot be made: {}", error_text(made.error().code)), help(made.error().code)};
}

}  // namespace

void look_at_namespaces(std::vector<Finding>& findings) {
  for (const auto& type : plan::namespace_types) findings.push_back(judge(type, make(type.clone_flag)));
}

}  // namespace lodger::check
