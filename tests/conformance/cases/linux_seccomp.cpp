// config-linux.md, "Seccomp".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_seccomp_cases() { return {}; }

}  // namespace conformance
