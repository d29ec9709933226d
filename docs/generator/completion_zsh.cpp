// zshcompsys(1): a specification for _arguments per flag.
#include <fmt/core.h>

#include "docs/generator/generator.hpp"

namespace lodger::generator {
namespace {

/// Within single quotes and a [description].
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':')
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string action(std::string_view value_name) {
  switch (kind_of(value_name)) {
    case Kind::folder: return "_files -/";
    case Kind::file: return "_files";
    case Kind::words: return fmt::format("({})", words_of(value_name));
    case Kind::containers: return "_lodger_containers";
    case Kind::none: return " ";
  }
  return " ";
}

std::string specification(const cli::Flag& flag) {
  const bool value = takes_value(flag);
  const bool repeats = std::holds_alternative<std::vector<std::string>*>(flag.target);
  const auto tail = fmt::format("[{}]{}", quoted(flag.help),
                                value ? fmt::format(":{}:{}", quoted(flag.value), action(flag.value)) : "");
  const auto name = fmt::format("--{}{}", flag.name, value ? "=" : "");
  if (!flag.letter) return fmt::format("'{}{}{}'", repeats ? "*" : "", name, tail);
  const auto both = fmt::format("{{-{}{},{}}}", flag.letter, value ? "+" : "", name);
  if (repeats) return fmt::format("'*'{}'{}'", both, tail);
  return fmt::format("'(-{} --{})'{}'{}'", flag.letter, flag.name, both, tail);
}

std::string specifications(std::span<const cli::Flag> flags, std::string_view indent) {
  std::string out;
  for (const auto& flag : shown(flags)) out += fmt::format("{}{} \\\n", indent, specification(flag));
  return out;
}

std::string argument(const cli::Usage& usage) {
  return kind_of(usage.arguments) == Kind::containers ? "'1:container:_lodger_containers' '*: :_default'"
                                                      : "'*: :_default'";
}

}  // namespace

std::string zsh(const CommandLine& line) {
  std::string names, cases;
  for (const auto& command : line.commands) {
    names += fmt::format("        '{}:{}'\n", command.name, quoted(command.summary));
    cases +=
        fmt::format("        {})\n          _arguments -S \\\n{}            {}\n          ;;\n", command.name,
                    specifications(command.flags, "            "), argument(command.usage));
  }
  return fmt::format(
      "#compdef lodger\n# zsh completion for lodger, generated from the definitions of its command line\n\n"
      "_lodger_containers() {{\n  local -a ids\n"
      "  ids=(${{(f)\"$(_call_program containers lodger list --quiet 2>/dev/null)\"}})\n"
      "  compadd -a ids\n}}\n\n"
      "_lodger() {{\n  local context state line\n  typeset -A opt_args\n  _arguments -C \\\n{}"
      "    '1: :->command' '*:: :->arguments'\n"
      "  case $state in\n    command)\n      local -a commands=(\n{}      )\n      _describe command "
      "commands\n"
      "      ;;\n    arguments)\n      case $words[1] in\n{}      esac\n      ;;\n  esac\n}}\n\n_lodger "
      "\"$@\"\n",
      specifications(line.globals, "    "), names, cases);
}

}  // namespace lodger::generator
