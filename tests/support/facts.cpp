#include "facts.hpp"

#include "text.hpp"

namespace support {

Facts::Facts(const std::string& text) : text_(text) {
  for (const auto& line : lines(text))
    if (const std::size_t equals = line.find('='); equals != std::string::npos)
      facts_.emplace(line.substr(0, equals), line.substr(equals + 1));
}

std::vector<std::string> Facts::all(const std::string& key) const {
  std::vector<std::string> out;
  for (auto [at, end] = facts_.equal_range(key); at != end; ++at) out.push_back(at->second);
  return out;
}

}  // namespace support
