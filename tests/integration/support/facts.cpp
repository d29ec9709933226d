#include "facts.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace lodger::test {

Facts::Facts(const std::string& text) : text_(text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (const auto equals = line.find('='); equals != std::string::npos)
      facts_.emplace(line.substr(0, equals), line.substr(equals + 1));
}

const std::string& Facts::operator[](const std::string& key) const {
  INFO("fact " << key << " among:\n" << text_);
  REQUIRE(facts_.count(key) == 1);
  return facts_.find(key)->second;
}

std::vector<std::string> Facts::all(const std::string& key) const {
  std::vector<std::string> out;
  for (auto [at, end] = facts_.equal_range(key); at != end; ++at) out.push_back(at->second);
  return out;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> out;
  for (std::string word; stream >> word;) out.push_back(word);
  return out;
}

}  // namespace lodger::test
