#include "runtime/check/check.hpp"

namespace lodger::check {

std::vector<Finding> machine() {
  std::vector<Finding> findings;
  for (const auto look : {look_at_kernel, look_at_namespaces, look_at_cgroups, look_at_security,
                          look_at_rootless, look_at_relay, look_at_hardware})
    look(findings);
  return findings;
}

}  // namespace lodger::check
