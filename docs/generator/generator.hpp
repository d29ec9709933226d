// What is generated from the definitions of the command line: one function per kind of text. A build runs the
// program once for each; it is not installed.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/cli/describe.hpp"

namespace lodger::generator {

struct CommandLine {
  std::vector<cli::Flag> globals;
  std::vector<cli::Described> commands;
};

/// Completion scripts: completion_bash.cpp, completion_zsh.cpp, completion_fish.cpp.
std::string bash(const CommandLine& line);
std::string zsh(const CommandLine& line);
std::string fish(const CommandLine& line);

/// A man page in scdoc(5): the template with @SYNOPSIS@, @OPTIONS@ and, for lodger(1), @COMMANDS@ filled in.
/// `command` is empty for lodger(1). Throws std::invalid_argument for a command that there is not, and for a
/// template without one of its places.
std::string man(const CommandLine& line, std::string_view command, std::string text);

/// What completes a flag's value, or an argument; told by the name that the help gives it.
enum class Kind : std::uint8_t {
  none,
  folder,      // DIR
  file,        // FILE, SOCKET, PATH
  words,       // the name lists them: "text|json"
  containers,  // <container-id>, [<container-id>...]
};
Kind kind_of(std::string_view value_name);
/// "text|json" as "text json".
std::string words_of(std::string_view value_name);

/// Flags that the help shows, --help among them.
std::vector<cli::Flag> shown(std::span<const cli::Flag> flags);
/// Whether the next word is the flag's value. (A switch and an optional value take "=value" alone.)
bool takes_value(const cli::Flag& flag);
/// "--bundle -b"
std::string spellings(const cli::Flag& flag);

}  // namespace lodger::generator
