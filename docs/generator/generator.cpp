#include "docs/generator/generator.hpp"

#include <algorithm>

namespace lodger::generator {

Kind kind_of(std::string_view value_name) {
  if (value_name.contains('|')) return Kind::words;
  if (value_name == "DIR") return Kind::folder;
  if (value_name == "FILE" || value_name == "SOCKET" || value_name == "PATH") return Kind::file;
  if (value_name.starts_with("<container-id>") || value_name.starts_with("[<container-id>"))
    return Kind::containers;
  return Kind::none;
}

std::string words_of(std::string_view value_name) {
  std::string words(value_name);
  std::ranges::replace(words, '|', ' ');
  return words;
}

std::vector<cli::Flag> shown(std::span<const cli::Flag> flags) {
  static bool ignored = false;
  std::vector<cli::Flag> out;
  for (const auto& flag : flags)
    if (!flag.help.empty()) out.push_back(flag);
  out.push_back({"help", 'h', "", "show this help", &ignored});
  return out;
}

bool takes_value(const cli::Flag& flag) {
  return !std::holds_alternative<bool*>(flag.target) && !std::holds_alternative<cli::Optional>(flag.target);
}

std::string spellings(const cli::Flag& flag) {
  std::string out = "--" + std::string(flag.name);
  if (flag.letter) out += std::string(" -") + flag.letter;
  return out;
}

}  // namespace lodger::generator
