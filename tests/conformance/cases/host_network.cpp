// config-linux.md, "Network" and "Namespaces": a container on the network stack of the host.
#include "tests/conformance/cases/all.hpp"

namespace conformance {

std::span<const Case> host_network_cases() { return {}; }

}  // namespace conformance
