// Capability sets as the bit masks that the child hands to capset(2) and prctl(2). The names are those of
// <linux/capability.h> in a table of our own: libcap-ng would put eight system calls before every main()
// (its constructor probes the kernel) and a third of a megabyte into the binary. Tests hold the table against
// libcap-ng's.
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

/// The highest capability that this kernel knows, by probing prctl(2) PR_CAPBSET_READ: two calls, no procfs.
int last_capability();
/// The same with another way to ask "is this number known?".
int last_capability(bool (*known)(int capability));

/// Names this kernel does not know are left out and put into `unknown`, once each: config.md asks for a
/// warning there, not a failure.
CapabilityMasks capability_masks(const spec::Capabilities& sets, std::vector<std::string>& unknown);
/// The same for a kernel whose highest number is `last`. Pure.
CapabilityMasks capability_masks(const spec::Capabilities& sets, std::vector<std::string>& unknown, int last);

/// The names of a mask's capabilities, those without one left out.
std::vector<std::string> names_of(std::uint64_t mask);

/// All names known to this kernel in order of number, for `features`.
std::vector<std::string> capability_names();

}  // namespace lodger::security
