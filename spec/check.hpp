// Cross-checks of a parsed configuration, and what this version does not do yet. Pure: looks at no file.
#pragma once
#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::spec {

/// Checks each clause in turn; the first failure names the property.
Outcome<> check(const Config& config);

}  // namespace lodger::spec
