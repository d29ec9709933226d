// The command line as data, taken from the very definitions that the commands parse with: what the man pages
// and shell completions are generated from, so that they cannot fall behind.
#pragma once
#include <string_view>
#include <vector>

#include "runtime/cli/flags.hpp"

namespace lodger::cli {

struct Described {
  std::string_view name, summary;
  Usage usage;
  std::vector<Flag> flags;  // their targets are gone: only the words count
};

/// All commands, in the order of the help. None of them runs.
std::vector<Described> describe_commands();
/// The flags before the command.
std::vector<Flag> describe_globals();

}  // namespace lodger::cli
