// What helps against a failure of init's, where that can be told.
#pragma once
#include <string>

#include "runtime/init/plan.hpp"

namespace lodger::launch {

/// " (...)" to stand behind a failure's text, or nothing. `plan` as with phrase().
std::string help_for(const init::Report& report, const init::Plan* plan);

}  // namespace lodger::launch
