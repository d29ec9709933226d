// What the probe said inside of a container: silence is an answer, and a wrong one.
#pragma once
#include <string>

#include "tests/support/facts.hpp"

namespace conformance {

class Facts : public support::Facts {
 public:
  using support::Facts::Facts;

  /// The value, or "(the probe did not say)": silence never equals what a case expects.
  std::string operator[](const std::string& key) const;
};

}  // namespace conformance
