// Lists of processors and memory nodes: "0-3,7". Source: runtime-spec 1.3, config.md, "execCPUAffinity", and
// config-linux.md, "Memory policy".
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::spec {

/// What the kernel's largest configurations have: CONFIG_NR_CPUS, and 1 << CONFIG_NODES_SHIFT.
inline constexpr unsigned most_cpus = 8192, most_nodes = 1024;

/// A set of numbers: bit n % 64 of word n / 64, as the kernel takes masks of either kind.
using Mask = std::vector<std::uint64_t>;

/// The whole text, which has no blanks, or a failure that begins with `property`. Numbers are below `limit`.
/// An empty text is an empty set.
Outcome<Mask> parse_number_list(std::string_view property, std::string_view text, unsigned limit);

}  // namespace lodger::spec
