// Numbers and parts of texts: nothing about what the texts mean.
#pragma once
#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace lodger::spec {

/// The number that the whole text is, in decimal; nothing where anything else stands in it, a "+" or a blank
/// included, and where the type cannot hold it.
template <std::integral Integer>
std::optional<Integer> whole_number(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The case of ASCII letters aside.
inline bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

/// Whether an absolute, clean path is this folder or one below it.
inline bool is_within(std::string_view path, std::string_view folder) {
  return folder == "/" ||
         (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'));
}

/// Takes what stands before `end` off the front, `end` with it; everything where there is none.
inline std::string_view cut(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

}  // namespace lodger::spec
