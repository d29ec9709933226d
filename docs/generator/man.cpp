// Man pages: prose by hand (docs/man/*.scd), flags from the definitions.
#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

#include "docs/generator/generator.hpp"

namespace lodger::generator {
namespace {

/// Without what scdoc(5) reads as marks, some of them only where a line begins.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("_*\\#~[|").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

void fill(std::string& text, std::string_view place, std::string_view with) {
  const auto at = text.find(place);
  if (at == text.npos) throw std::invalid_argument(fmt::format("the template has no {}", place));
  text.replace(at, place.size(), with);
}

std::string options(std::span<const cli::Flag> flags) {
  std::string out;
  for (const auto& flag : shown(flags)) {
    const auto value = flag.value.empty() ? "" : fmt::format(" {}", plain(flag.value));
    out += fmt::format("*{}--{}*{}\n\t{}\n\n", flag.letter ? fmt::format("-{}*, *", flag.letter) : "",
                       flag.name, value, plain(flag.help));
  }
  return out;
}

std::string synopsis(std::string_view command, std::string_view arguments) {
  return fmt::format("*lodger* [_global flags_] *{}* [_flags_]{}{}", command, arguments.empty() ? "" : " ",
                     plain(arguments));
}

std::string command_list(std::span<const cli::Described> commands) {
  std::string out;
  for (const auto& command : commands)
    out += fmt::format("*lodger-{}*(1)\n\t{}\n\n", command.name, plain(command.summary));
  return out;
}

}  // namespace

std::string man(const CommandLine& line, std::string_view command, std::string text) {
  if (command.empty()) {
    fill(text, "@SYNOPSIS@", "*lodger* [_global flags_] _command_ [_flags_] [_arguments_]");
    fill(text, "@COMMANDS@", command_list(line.commands));
    fill(text, "@OPTIONS@", options(line.globals));
    return text;
  }
  const auto found = std::ranges::find(line.commands, command, &cli::Described::name);
  if (found == line.commands.end()) throw std::invalid_argument(fmt::format("no command {}", command));
  fill(text, "@SYNOPSIS@", synopsis(command, found->usage.arguments));
  fill(text, "@OPTIONS@", options(found->flags));
  return text;
}

}  // namespace lodger::generator
