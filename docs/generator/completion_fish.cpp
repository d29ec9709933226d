// complete(1) of fish.
#include <fmt/core.h>

#include "docs/generator/generator.hpp"

namespace lodger::generator {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out;
}

std::string value(const cli::Flag& flag) {
  if (!takes_value(flag)) return "";
  switch (kind_of(flag.value)) {
    case Kind::folder: return " -x -a '(__fish_complete_directories)'";
    case Kind::file: return " -r -F";
    case Kind::words: return fmt::format(" -x -a '{}'", words_of(flag.value));
    case Kind::containers: return " -x -a '(lodger list --quiet 2>/dev/null)'";
    case Kind::none: return " -x";
  }
  return "";
}

std::string lines(std::string_view condition, std::span<const cli::Flag> flags) {
  std::string out;
  for (const auto& flag : shown(flags)) {
    out += fmt::format("complete -c lodger -n '{}' -l {}", condition, flag.name);
    if (flag.letter) out += fmt::format(" -s {}", flag.letter);
    out += fmt::format("{} -d '{}'\n", value(flag), quoted(flag.help));
  }
  return out;
}

}  // namespace

std::string fish(const CommandLine& line) {
  std::string out =
      "# fish completion for lodger, generated from the definitions of its command line\n\n"
      "complete -c lodger -f\n" +
      lines("__fish_use_subcommand", line.globals);
  for (const auto& command : line.commands) {
    const auto within = fmt::format("__fish_seen_subcommand_from {}", command.name);
    out += fmt::format("\ncomplete -c lodger -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                       quoted(command.summary));
    out += lines(within, command.flags);
    if (kind_of(command.usage.arguments) == Kind::containers)
      out += fmt::format("complete -c lodger -n '{}' -a '(lodger list --quiet 2>/dev/null)'\n", within);
  }
  return out;
}

}  // namespace lodger::generator
