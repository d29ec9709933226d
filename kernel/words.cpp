#include "kernel/words.hpp"

namespace lodger::kernel {

std::string packed(const Words& words) {
  std::string text;
  for (const auto& word : words) (text += word) += '\0';
  return text;
}

std::optional<Words> unpacked(std::string_view text) {
  if (!text.ends_with('\0')) return std::nullopt;
  Words words;
  while (!text.empty()) {
    const auto end = text.find('\0');
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return words;
}

}  // namespace lodger::kernel
