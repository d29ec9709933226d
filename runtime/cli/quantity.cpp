#include "runtime/cli/quantity.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

namespace lodger::cli {
namespace {

/// Digits with at most one point among them, taken off the front of `text`.
std::optional<double> take_decimal(std::string_view& text) {
  const std::string number(text.substr(0, text.find_first_not_of("0123456789.")));
  if (number.empty() || number == "." || number.find('.') != number.rfind('.')) return std::nullopt;
  text.remove_prefix(number.size());
  return std::strtod(number.c_str(), nullptr);  // not from_chars: g++ 12's needs a locale
}

std::optional<std::int64_t> whole(double value) {
  if (value < 0 || value >= 9223372036854775808.0) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

/// The power of 1024 of a unit: "", "b", "k", "kb", "kib".
std::optional<int> power_of(std::string_view unit) {
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); };
  std::string text;
  for (const char c : unit) text += lower(c);
  if (text.empty() || text == "b") return 0;
  constexpr std::string_view units = "kmgtp";
  const auto place = units.find(text.front());
  if (place == units.npos) return std::nullopt;
  const std::string_view rest = std::string_view(text).substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib") return std::nullopt;
  return static_cast<int>(place) + 1;
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr Unit time_units[] = {{"ns", 1},   {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3},
                               {"ms", 1e6}, {"s", 1e9},  {"m", 60e9}, {"h", 3600e9}};

/// One "1.5h", taken off the front.
std::optional<double> take_part(std::string_view& text) {
  const auto number = take_decimal(text);
  if (!number) return std::nullopt;
  const auto name = text.substr(0, text.find_first_of("0123456789."));
  for (const auto& unit : time_units)
    if (unit.name == name) {
      text.remove_prefix(name.size());
      return *number * unit.nanoseconds;
    }
  return std::nullopt;
}

}  // namespace

Failure not_a_number(std::string_view flag, std::string_view text) {
  return {fmt::format("invalid value for {}: \"{}\": wanted is a whole number within its range", flag, text),
          EINVAL};
}

Outcome<std::int64_t> parse_bytes(std::string_view flag, std::string_view text) {
  if (text == "-1") return -1;
  std::string_view rest = text;
  const auto number = take_decimal(rest);
  if (number && rest.starts_with(' ')) rest.remove_prefix(1);
  const auto power = power_of(rest);
  const auto bytes = number && power ? whole(*number * std::pow(1024.0, *power)) : std::nullopt;
  if (bytes) return *bytes;
  return refuse(
      fmt::format("invalid value for {}: \"{}\": wanted is a number of bytes, also with one of the units k, "
                  "m, g, t and p, or -1 for no limit",
                  flag, text),
      EINVAL);
}

Outcome<std::int64_t> parse_duration(std::string_view flag, std::string_view text) {
  if (text == "0") return 0;
  double sum = 0;
  std::string_view rest = text;
  bool good = !text.empty();
  while (good && !rest.empty()) {
    const auto part = take_part(rest);
    good = part.has_value();
    sum += part.value_or(0);
  }
  const auto nanoseconds = good ? whole(sum) : std::nullopt;
  if (nanoseconds) return *nanoseconds;
  return refuse(
      fmt::format("invalid value for {}: \"{}\": wanted is a length of time, such as 5s, 500ms or 1m30s",
                  flag, text),
      EINVAL);
}

}  // namespace lodger::cli
