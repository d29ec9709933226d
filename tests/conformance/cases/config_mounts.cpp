// config.md, "Mounts".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> config_mounts_cases() { return {}; }

}  // namespace conformance
