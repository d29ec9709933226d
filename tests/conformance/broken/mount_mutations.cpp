// Faults of mounts.
#include "mutation.hpp"

namespace conformance::broken {

std::span<const Mutation> mount_mutations() { return {}; }

}  // namespace conformance::broken
