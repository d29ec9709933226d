// config-linux.md, "Control groups" and "Cgroups Path".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_cgroups_cases() { return {}; }

}  // namespace conformance
