// Words for what init reports: it says where, we, who made the plan, say what.
#pragma once
#include "kernel/failure.hpp"
#include "runtime/init/plan.hpp"
#include "spec/config.hpp"

namespace lodger::launch {

/// `plan` may be nullptr where it is gone (a start after a create): the index then speaks for itself.
Failure phrase(const init::Report& report, const spec::Config& config, const init::Plan* plan);

}  // namespace lodger::launch
