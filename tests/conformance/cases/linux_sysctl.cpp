// config-linux.md, "Sysctl".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_sysctl_cases() { return {}; }

}  // namespace conformance
