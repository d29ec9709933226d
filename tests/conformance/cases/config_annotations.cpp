// config.md, "Annotations".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> config_annotations_cases() { return {}; }

}  // namespace conformance
