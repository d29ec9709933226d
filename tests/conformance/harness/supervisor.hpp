// The process between the runner and a case. It is the reaper of all that the case starts, daemons and
// containers included, so that it can end and remove everything whatever becomes of the case.
#pragma once
#include <signal.h>

#include <cstddef>

#include "case.hpp"
#include "run.hpp"

namespace conformance {

/// Exit statuses of the supervisor; a case that a signal ended gives 128 + the signal.
inline constexpr int case_ended = 0, case_timed_out = 124;

/// A child's end, and what tells the harness to stop (SIGPIPE: nobody reads the report): blocked in runner
/// and supervisors, and waited for.
sigset_t watched_signals();

/// Runs the case in a child, waits for its end or its limit, cleans up, and exits with how it ended.
[[noreturn]] void supervise(const Case& test, const Run& run, std::size_t index, int record);

}  // namespace conformance
