// config.md, "POSIX-platform Hooks".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> config_hooks_cases() { return {}; }

}  // namespace conformance
