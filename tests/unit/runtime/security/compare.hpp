// Asks lodger's program and libseccomp for every call that could tell them apart.
#pragma once
#include <linux/audit.h>
#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "oracle.hpp"
#include "spec/seccomp.hpp"

namespace lodger::test {

/// All audit numbers of lodger's table, and two that no profile can list.
std::vector<std::uint32_t> audit_numbers();

/// Numbers 0 to 1100, the same above x32's bit and above the bases of MIPS and ARM, and the corners.
std::vector<std::uint32_t> call_numbers();

/// The first call that is answered differently, in words; nothing if there is none. `vectors` is the number
/// of argument vectors tried for each of the profile's calls that look at arguments.
std::optional<std::string> difference(const spec::Seccomp& profile, std::span<const sock_filter> ours,
                                      const Oracle& oracle, std::mt19937_64& random, unsigned vectors,
                                      std::span<const std::uint32_t> audits);

}  // namespace lodger::test
