// The step between the process's start and the caller's success.
#pragma once
#include "runtime/container/lifecycle.hpp"
#include "spec/config.hpp"

namespace lodger::container {

/// Runs the poststart hooks. When one fails the container is stopped and removed (runtime.md, "Lifecycle",
/// step 9 and below), and the failure says so. `interrupt` becoming readable is such a failure (-1:
/// nobody's).
Outcome<> run_poststart(const spec::Config& config, Folder folder, const Record& record,
                        const Notices& notices, int interrupt = -1);

}  // namespace lodger::container
