// Programs of the host whose output a command shows.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::cli {

/// Runs `name`, as found along $PATH, with the caller's environment, and gives what it wrote to stdout and
/// stderr. A failure of it carries its words.
Outcome<std::string> output_of(std::string_view name, std::span<const std::string_view> words);

}  // namespace lodger::cli
