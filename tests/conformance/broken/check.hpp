#pragma once
#include <string>

namespace conformance::broken {

/// Proves the harness: each mutation is found by its cases, as far as these pass without it. TAP on stdout;
/// the exit status. `self` is this program, `runtime` the real one.
int check(const std::string& self, const std::string& harness, const std::string& runtime);

}  // namespace conformance::broken
