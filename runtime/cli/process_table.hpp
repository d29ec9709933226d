// The lines of ps(1) that are a container's.
#pragma once
#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::cli {

/// The first line of `table`, whose headings must have PID among them, and the lines whose number below it is
/// one of `pids` (sorted).
Outcome<std::string> lines_of(std::string_view table, std::span<const pid_t> pids);

}  // namespace lodger::cli
