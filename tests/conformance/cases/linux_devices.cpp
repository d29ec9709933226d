// config-linux.md, "Devices" and "Default Devices".
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> linux_devices_cases() { return {}; }

}  // namespace conformance
