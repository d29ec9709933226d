// What only this machine and this build can tell about lodger.
#pragma once
#include <string>
#include <vector>

#include "spec/defaults.hpp"

namespace lodger::cli {

/// The version of the library whose tables of system calls are built in: "2.5.4".
std::string libseccomp_version();

/// SECCOMP_FILTER_FLAG_* names: those lodger knows, and those of them that this kernel takes, found by
/// asking.
std::vector<std::string> known_seccomp_flags();
std::vector<std::string> supported_seccomp_flags();

spec::FeatureFacts gather_facts();

}  // namespace lodger::cli
