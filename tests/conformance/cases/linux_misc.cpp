// config-linux.md: root filesystem propagation, personality, time offsets and other single properties.
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_misc_cases() { return {}; }

}  // namespace conformance
