// What the probe said, asked for by key. Asking for a fact that the probe never stated fails the test: a
// probe that did not run proves nothing.
#pragma once
#include <string>

#include "tests/support/facts.hpp"
#include "tests/support/text.hpp"

namespace lodger::test {

using support::words;

class Facts : public support::Facts {
 public:
  using support::Facts::Facts;

  /// The value; a failed requirement where the probe did not state it, or stated it more than once.
  std::string operator[](const std::string& key) const;
};

}  // namespace lodger::test
