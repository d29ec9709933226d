// What containers of ordinary users need beyond user namespaces.
#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/check/check.hpp"

namespace lodger::check {
namespace {

Finding helper(const char* name) {
  const auto path = fmt::format("/usr/bin/{}", name);
  const auto what = kernel::status(kernel::cwd, path.c_str(), 0);
  if (what) return {"rootless", name, Verdict::good, path, "maps the ids of /etc/subuid and /etc/subgid"};
  return {"rootless", name, Verdict::limited, "missing",
          "a user namespace can map one id only: install it (Debian: uidmap)"};
}

}  // namespace

void look_at_rootless(std::vector<Finding>& findings) {
  findings.push_back(helper("newuidmap"));
  findings.push_back(helper("newgidmap"));
}

}  // namespace lodger::check
