// config.md, "Root".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> config_root_cases() { return {}; }

}  // namespace conformance
