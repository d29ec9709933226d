// Values as a report shows them. Expectations compare what would be shown, so that a failed one never shows
// two equal texts.
#pragma once
#include <nlohmann/json.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

inline std::string shown(std::string_view text) { return std::string(text); }
inline std::string shown(const char* text) { return text; }
inline std::string shown(const std::string& text) { return text; }
inline std::string shown(bool value) { return value ? "true" : "false"; }
template <std::integral Number>
requires(!std::same_as<Number, bool>) std::string shown(Number value) { return std::to_string(value); }
/// A JSON string as its text, all else as JSON.
inline std::string shown(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
inline std::string shown(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + value;
  return text + "]";
}

}  // namespace conformance
