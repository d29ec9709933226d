#include "facts.hpp"

#include <catch2/catch.hpp>

namespace lodger::test {

std::string Facts::operator[](const std::string& key) const {
  const auto values = all(key);
  INFO("fact " << key << " among:\n" << text());
  REQUIRE(values.size() == 1);
  return values.front();
}

}  // namespace lodger::test
