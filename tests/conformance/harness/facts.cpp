#include "facts.hpp"

namespace conformance {

std::string Facts::operator[](const std::string& key) const {
  const auto values = all(key);
  if (values.empty()) return "(the probe did not say)";
  return values.size() == 1 ? values.front() : "(the probe said it more than once)";
}

}  // namespace conformance
