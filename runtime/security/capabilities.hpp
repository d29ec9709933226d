// Capability sets as the bit masks that the child hands to capset(2) and prctl(2).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "spec/process.hpp"

namespace lodger::security {

struct CapabilityMasks {
  std::uint64_t effective = 0, bounding = 0, inheritable = 0, permitted = 0, ambient = 0;
  int last = 0;  // the highest number that this kernel knows
};

/// Names this kernel does not know are left out and put into `unknown`, once each: config.md asks for a
/// warning there, not a failure.
CapabilityMasks capability_masks(const spec::Capabilities& sets, std::vector<std::string>& unknown);

/// All names known to this kernel in order of number, for `features`.
std::vector<std::string> capability_names();

}  // namespace lodger::security
