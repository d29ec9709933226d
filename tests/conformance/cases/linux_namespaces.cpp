// config-linux.md, "Namespaces".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_namespaces_cases() { return {}; }

}  // namespace conformance
