// Cross-checks of a parsed configuration. Pure: looks at no file.
#pragma once
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::spec {

/// Checks each clause in turn; the first failure names the property.
Outcome<> check(const Config& config);

/// The first failure of each part of the configuration: all that a person has to mend, not only what comes
/// first. Empty: check() succeeds.
std::vector<Failure> problems(const Config& config);

/// The clauses of a process object alone, for `exec --process`.
Outcome<> check(const Process& process);

/// The clauses of a resources object alone, for `update --resources`.
Outcome<> check(const Resources& resources);

/// What such an object says and nobody carries out, for a warning: letters of a device's access that the
/// specification has not (runc takes them without a word), and the shares of an idle cgroup.
std::vector<std::string> remarks(const Resources& resources);

/// The clause of an intelRdt object alone, for `update --l3-cache-schema`.
Outcome<> check(const IntelRdt& rdt);

}  // namespace lodger::spec
