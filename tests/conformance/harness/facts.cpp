#include "facts.hpp"

#include <sstream>

#include "files.hpp"

namespace conformance {

Facts::Facts(const std::string& text) {
  for (const auto& line : lines(text))
    if (const std::size_t equals = line.find('='); equals != std::string::npos)
      facts_.emplace(line.substr(0, equals), line.substr(equals + 1));
}

std::string Facts::operator[](const std::string& key) const {
  const auto [first, last] = facts_.equal_range(key);
  if (first == last) return "(the probe did not say)";
  return std::next(first) == last ? first->second : "(the probe said it more than once)";
}

std::vector<std::string> Facts::all(const std::string& key) const {
  std::vector<std::string> out;
  const auto [first, last] = facts_.equal_range(key);
  for (auto at = first; at != last; ++at) out.push_back(at->second);
  return out;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> out;
  for (std::string word; stream >> word;) out.push_back(word);
  return out;
}

}  // namespace conformance
