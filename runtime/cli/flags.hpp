// Flags as the callers of container runtimes write them: "--name value", "--name=value", with one dash or
// two, repeated at will (the last one counts), switches also as "--name=false".
//
// Written here rather than taken from CLI11, measured in a static build: CLI11 with <iostream> behind it adds
// 0.09 ms to each start of lodger (0.36 ms in all without it) and 1.1 MB to the program, and knows neither
// long names behind one dash nor "the last one counts".
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::cli {

using Words = std::span<const std::string_view>;

/// A value that may be left out: only "=value" or one of true, false and auto as the next word is taken for
/// it.
struct Optional {
  std::string* text;
};
/// A text that must not be empty: `--root "$UNSET"` has to be told from no --root at all.
struct Filled {
  std::string* text;
};
/// Where a flag's value goes; bool is a switch.
using Target = std::variant<bool*, std::string*, unsigned*, std::vector<std::string>*, Optional, Filled>;

struct Flag {
  std::string_view name;   // without dashes
  char letter = 0;         // 0: none
  std::string_view value;  // what the help calls its value
  std::string_view help;   // empty: accepted, but not shown
  Target target;
};

/// Where flags may stand.
enum class Order : bool {
  anywhere,
  first,  // the first word that is no flag ends them: what follows may begin with a dash
};

struct Arguments {
  bool help = false;  // --help or -h was among the flags; the rest is not to be trusted then
  std::vector<std::string_view> words;
};
/// Sorts `words` into flags, whose targets it sets, and arguments. "--" ends the flags. Fails on a flag that
/// is not in the list and on a value that is missing or does not fit. Targets set before a failure stay set.
Outcome<Arguments> parse(Words words, std::span<const Flag> flags, Order order);

/// For Usage::most.
inline constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// A command as its help and its complaints show it.
struct Usage {
  std::string_view name;       // "kill"
  std::string_view arguments;  // "<container-id> [signal]"
  std::string_view about;
  std::size_t least = 0, most = 0;  // number of arguments
  Order order = Order::anywhere;
};
/// parse() and the number of arguments checked; errors name the command and where its help is.
Outcome<Arguments> parse(Words words, const Usage& usage, std::span<const Flag> flags);

/// The lines of a list of flags, for a help text.
std::string flag_lines(std::span<const Flag> flags);
std::string help_text(const Usage& usage, std::span<const Flag> flags);

}  // namespace lodger::cli
