// What a shim leaves in the bundle for whoever cleans up after it: where its containers' state is.
#pragma once
#include <string>

#include "kernel/failure.hpp"

namespace lodger::shim {

Outcome<> write_leavings(const std::string& bundle, const std::string& state_root);
/// ENOENT: no container was made of this bundle.
Outcome<std::string> read_leavings(const std::string& bundle);

}  // namespace lodger::shim
