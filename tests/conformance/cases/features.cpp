// features.md and features-linux.md.
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> features_cases() { return {}; }

}  // namespace conformance
