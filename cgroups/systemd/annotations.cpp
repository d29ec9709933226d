#include "cgroups/systemd/annotations.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "cgroups/systemd/gvariant.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr double microseconds = 1e6;
constexpr std::string_view numbers = "ynqiuxtd";  // their types

/// Microseconds of a number of seconds. Nothing for what is none, or too large.
std::optional<Value> in_microseconds(const Value& seconds) {
  if (seconds.type.size() != 1 || numbers.find(seconds.type) == numbers.npos) return std::nullopt;
  const double value = std::strtod(seconds.text.c_str(), nullptr) * microseconds;
  if (value < 0 || value >= static_cast<double>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  return number(static_cast<std::uint64_t>(value));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool ends_in_seconds(std::string_view name) {
  constexpr std::string_view ending = "Sec";
  if (!name.ends_with(ending) || name.size() == ending.size()) return false;
  const char before = name[name.size() - ending.size() - 1];  // not "USec"
  return before >= 'a' && before <= 'z';
}

}  // namespace

Outcome<Property> property_of_annotation(std::string_view key, std::string name, std::string_view text) {
  if (name.size() < 3 || !std::ranges::all_of(name, is_letter))
    return refuse(
        fmt::format("annotation {}: \"{}\" is not the name of a property of systemd's units", key, name),
        EINVAL);
  auto value = parse_gvariant(text);
  if (!value)
    return refuse(fmt::format("annotation {}: \"{}\" is not a value in GVariant's text format, such as "
                              "'text', true, uint64 90 or ['a', 'b']",
                              key, text),
                  EINVAL);
  if (!ends_in_seconds(name)) return Property{std::move(name), std::move(*value)};
  auto converted = in_microseconds(*value);
  if (!converted)
    return refuse(fmt::format("annotation {}: \"{}\" is not a number of seconds", key, text), EINVAL);
  name.replace(name.size() - 3, 3, "USec");
  return Property{std::move(name), std::move(*converted)};
}

}  // namespace lodger::cgroups::systemd
