// The lines of a schemata file: "L3:0=7f0;1=1f", a resource and what of it each of its domains gives.
// Source: Documentation/filesystems/resctrl.rst of the kernel, "Schemata files".
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/linux.hpp"

namespace lodger::resctrl {

struct Schema {
  std::string resource;                       // "L3", "MB", "L2CODE"
  std::map<std::string, std::string> shares;  // by domain; without leading zeros, letters small
};

/// Blanks mean nothing: the kernel lines its own up. What is not of this form is left out.
std::vector<Schema> parse_schemata(std::string_view text);

/// What is written for a configuration, one write each, in the order of config-linux.md: l3CacheSchema,
/// memBwSchema, schemata. Each ends with the newline that the kernel asks for. Empty: nothing is to be
/// written.
std::vector<std::string> writes_for(const spec::IntelRdt& rdt);

/// Whether all shares that `wanted` names are so in `found`.
bool matches(const std::vector<Schema>& wanted, const std::vector<Schema>& found);

/// The first resource of `wanted` that `found` has not got; empty: it has all.
std::string unknown_resource(const std::vector<Schema>& wanted, const std::vector<Schema>& found);

}  // namespace lodger::resctrl
