// GVariant's text format, in which annotations give systemd's properties: "uint64 90", "'a text'",
// "['a', 'b']", "@as []". Pure. Source: GLib, "GVariant Text Format".
#pragma once
#include <optional>
#include <string_view>

#include "cgroups/systemd/value.hpp"

namespace lodger::cgroups::systemd {

/// Booleans, numbers, strings, arrays and tuples, each with or without its type before it; of numbers and
/// arrays without one the type is that of GVariant ("i" and "d"; that of the first item). Nothing for
/// anything else.
std::optional<Value> parse_gvariant(std::string_view text);

}  // namespace lodger::cgroups::systemd
