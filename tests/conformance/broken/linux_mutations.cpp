// Faults of what config.json says below "linux".
#include "mutation.hpp"

namespace conformance::broken {

std::span<const Mutation> linux_mutations() { return {}; }

}  // namespace conformance::broken
