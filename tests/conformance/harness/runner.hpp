// Runs cases side by side, each in processes of its own, and hands their verdicts on in the order of the
// list.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "case.hpp"
#include "record.hpp"
#include "run.hpp"

namespace conformance {

/// Called for each case, in the order of the cases, as soon as it and all before it have ended.
using Heard = std::function<void(const Case&, Verdict)>;

/// False where SIGINT, SIGTERM, SIGHUP or SIGPIPE ended it early: the cases underway were cleaned up, the
/// others never begun. The signals stay blocked.
bool run_cases(std::span<const Case> cases, const Run& run, std::size_t jobs, const Heard& heard);

}  // namespace conformance
