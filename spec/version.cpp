// Source: semver.org 2.0.0, items 2, 9, 10.
#include "spec/version.hpp"

#include <algorithm>
#include <charconv>

namespace lodger::spec {

namespace {

bool digits(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

/// A number without leading zeros.
bool numeric(std::string_view text) {
  return !text.empty() && digits(text) && (text.size() == 1 || text.front() != '0');
}

bool identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

/// What stands before the next dot; `text` goes on behind it, `more` tells whether there was one.
std::string_view next(std::string_view& text, bool& more) {
  const auto dot = text.find('.');
  const std::string_view part = text.substr(0, dot);
  more = dot != text.npos;
  text.remove_prefix(more ? dot + 1 : text.size());
  return part;
}

bool dotted(std::string_view text, bool (*good)(std::string_view)) {
  for (bool more = true; more;)
    if (!good(next(text, more))) return false;
  return true;
}

bool prerelease(std::string_view part) { return identifier(part) && (!digits(part) || numeric(part)); }

}  // namespace

std::optional<unsigned> major_version(std::string_view text) {
  if (const auto plus = text.find('+'); plus != text.npos) {
    if (!dotted(text.substr(plus + 1), identifier)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (const auto dash = text.find('-'); dash != text.npos) {
    if (!dotted(text.substr(dash + 1), prerelease)) return std::nullopt;
    text = text.substr(0, dash);
  }
  unsigned major = 0;
  if (std::count(text.begin(), text.end(), '.') != 2 || !dotted(text, numeric)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
  if (error != std::errc()) return std::nullopt;
  return major;
}

bool older_than_1(std::string_view text, unsigned minor) {
  const auto major = major_version(text);
  if (!major || *major != 1) return major && *major < 1;
  unsigned own = 0;
  std::from_chars(text.data() + 2, text.data() + text.size(), own);
  return own < minor;
}

}  // namespace lodger::spec
