#include "case.hpp"

namespace conformance {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::must: return "MUST";
    case Level::should: return "SHOULD";
    case Level::may: return "MAY";
  }
  __builtin_unreachable();
}

std::string Case::full_name() const {
  std::string text(name);
  if (!variant.empty()) text.append("=").append(variant);
  return text;
}

}  // namespace conformance
