#pragma once
#include <string>

namespace conformance::broken {

/// Proves the harness: each mutation is found by its cases, and no case fails without one. TAP on stdout; the
/// exit status. `self` is this program, `runtime` one that passes.
int check(const std::string& self, const std::string& harness, const std::string& runtime);

}  // namespace conformance::broken
