// config-linux.md, "Masked Paths" and "Readonly Paths".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_paths_cases() { return {}; }

}  // namespace conformance
