// Values for systemd's D-Bus interface, and how they travel to the program that speaks it. Pure.
// Source: D-Bus Specification, "Type System".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/words.hpp"

namespace lodger::cgroups::systemd {

struct Value {
  std::string type;          // one complete type: "b", "t", "s", "as", "a(ss)"
  std::string text;          // of a basic type; numbers in decimal, "true" and "false"
  std::vector<Value> items;  // of an array or a structure
  friend bool operator==(const Value&, const Value&) = default;
};

/// A property of a unit: systemd.scope(5), systemd.resource-control(5).
struct Property {
  std::string name;
  Value value;
  int since =
      0;  // the first release of systemd that takes it; an older one goes without. 0: all that we meet
  friend bool operator==(const Property&, const Property&) = default;
};

/// The constructors of the values that lodger itself sets.
Value flag(bool on);
Value number(std::uint64_t number);
Value string(std::string text);
Value bytes(const std::vector<std::uint8_t>& bytes);
Value structure(std::vector<Value> members);
/// `type` is that of the items, which may be none.
Value array(std::string_view type, std::vector<Value> items);

using kernel::Words;

void append(Words& words, const std::vector<Property>& properties);
/// Takes what append() wrote off `words`, from the front. Nothing where it is not that.
std::optional<std::vector<Property>> take_properties(Words& words);

}  // namespace lodger::cgroups::systemd
