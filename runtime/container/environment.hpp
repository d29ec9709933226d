// What lodger's own environment says: its callers' way to XDG folders, descriptors and service managers.
#pragma once
#include <cstdlib>
#include <string_view>

namespace lodger::container {

/// getenv(3); empty also where the variable is not set.
inline std::string_view own_variable(const char* name) {
  const char* set = std::getenv(name);
  return set ? std::string_view(set) : std::string_view();
}

}  // namespace lodger::container
