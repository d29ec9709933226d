// bash(1), "Programmable Completion". The script holds its data in two functions and asks lodger for nothing
// but the ids of containers.
#include <fmt/core.h>

#include "docs/generator/generator.hpp"

namespace lodger::generator {
namespace {

constexpr std::string_view script = R"sh(
_lodger_kind() { # KIND: completes $cur
  case $1 in
    dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    ids) mapfile -t COMPREPLY < <(compgen -W "$(lodger "${root[@]}" list --quiet 2>/dev/null)" -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur") ;;
  esac
}

_lodger() {
  local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= arguments=0 i word value
  local -a root=()
  [[ $previous != = || $COMP_CWORD -lt 2 ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $cur != = ]] || cur=
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -* ]]; then
      value=$(_lodger_value "$command" "$word")
      [[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))
      [[ $word != --root ]] || root=(--root "${COMP_WORDS[i + 1]}")
      [[ -z $value ]] || ((i++))
    elif [[ -z $command ]]; then
      command=$word
    else
      ((arguments++))
    fi
  done
  value=$(_lodger_value "$command" "$previous")
  if [[ $previous == -* && -n $value ]]; then
    [[ $value = any ]] || _lodger_kind "$value"
  elif [[ $cur == -* || -z $command ]]; then
    _lodger_kind "$(_lodger_words "$command")"
  elif ((arguments == 0)); then
    value=$(_lodger_argument "$command")
    [[ -z $value ]] || _lodger_kind "$value"
  fi
}

complete -F _lodger lodger
)sh";

std::string shell_kind(std::string_view value_name) {
  switch (kind_of(value_name)) {
    case Kind::folder: return "dir";
    case Kind::file: return "file";
    case Kind::words: return words_of(value_name);
    case Kind::containers: return "ids";
    case Kind::none: return "any";
  }
  return "any";
}

/// A line of a case for each flag with a value: "'create --bundle' | 'create -b') echo dir ;;"
std::string value_lines(std::string_view command, std::span<const cli::Flag> flags) {
  std::string out;
  for (const auto& flag : shown(flags)) {
    if (!takes_value(flag)) continue;
    out += fmt::format("    '{0} --{1}' | '{0} -{1}'", command, flag.name);
    if (flag.letter) out += fmt::format(" | '{} -{}'", command, flag.letter);
    out += fmt::format(") echo '{}' ;;\n", shell_kind(flag.value));
  }
  return out;
}

std::string flag_words(std::span<const cli::Flag> flags) {
  std::string out;
  for (const auto& flag : shown(flags)) out += (out.empty() ? "" : " ") + spellings(flag);
  return out;
}

}  // namespace

std::string bash(const CommandLine& line) {
  std::string names, words, values = value_lines("", line.globals), arguments;
  for (const auto& command : line.commands) {
    names += fmt::format(" {}", command.name);
    words += fmt::format("    {}) echo '{}' ;;\n", command.name, flag_words(command.flags));
    values += value_lines(command.name, command.flags);
    if (kind_of(command.usage.arguments) == Kind::containers)
      arguments += fmt::format("    {}) echo ids ;;\n", command.name);
  }
  return fmt::format(
      "# bash completion for lodger, generated from the definitions of its command line\n\n"
      "_lodger_words() {{ # COMMAND: what may follow; the commands themselves where there is none yet\n"
      "  case $1 in\n    '') echo '{}{}' ;;\n{}  esac\n}}\n\n"
      "_lodger_value() {{ # COMMAND FLAG: what its value is, nothing where it takes none\n"
      "  case \"$1 $2\" in\n{}  esac\n}}\n\n"
      "_lodger_argument() {{ # COMMAND: what its first argument is\n  case $1 in\n{}  esac\n}}\n{}",
      flag_words(line.globals), names, words, values, arguments, script);
}

}  // namespace lodger::generator
