#include "runtime/cli/flags.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "spec/text.hpp"

namespace lodger::cli {
namespace {

template <class... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};

/// One walk through the words.
class Parser {
 public:
  Parser(Words words, std::span<const Flag> flags) : words_(words), flags_(flags) {}

  Outcome<Arguments> all(Order order) {
    Arguments out;
    while (at_ < words_.size() && !out.help) {
      const std::string_view word = words_[at_++];
      if (word == "--") break;
      if (word.size() < 2 || word.front() != '-') {
        out.words.push_back(word);
        if (order == Order::first) break;
      } else if (word == "-h" || word == "-help" || word == "--help") {
        out.help = true;
      } else {
        TRY(flag(word));
      }
    }
    out.words.insert(out.words.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    return out;
  }

 private:
  Outcome<> flag(std::string_view word) {
    const std::string_view body = word.substr(word.starts_with("--") ? 2 : 1);
    const std::string_view name = body.substr(0, body.find('='));
    const auto given = name.size() < body.size() ? std::optional(body.substr(name.size() + 1)) : std::nullopt;
    if (const Flag* known = find(name)) return set(*known, given);
    if (!word.starts_with("--")) return letters(body);
    return unknown(word);
  }

  /// "-a", "-df", "-p80:80": one letter after the other, the first with a value takes all that follows.
  Outcome<> letters(std::string_view body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      const Flag* known = find(body.substr(i, 1));
      if (!known) return unknown(fmt::format("-{}", body));
      const bool is_switch = std::holds_alternative<bool*>(known->target);
      if (!is_switch && i + 1 < body.size()) return set(*known, body.substr(i + 1));
      TRY(set(*known, std::nullopt));
    }
    return {};
  }

  const Flag* find(std::string_view name) const {
    const auto found = std::ranges::find_if(flags_, [&](const Flag& flag) {
      return flag.name == name || (name.size() == 1 && flag.letter == name.front());
    });
    return found == flags_.end() ? nullptr : &*found;
  }

  Outcome<> set(const Flag& flag, std::optional<std::string_view> given) {
    return std::visit(Overload{[&](bool* target) { return set_switch(flag, target, given); },
                               [&](std::string* target) { return set_text(flag, target, given); },
                               [&](unsigned* target) { return set_number(flag, target, given); },
                               [&](std::vector<std::string>* target) { return add(flag, target, given); },
                               [&](Filled target) { return set_filled(flag, target, given); },
                               [&](Optional target) { return set_optional(target, given); }},
                      flag.target);
  }

  Outcome<std::string_view> value(const Flag& flag, std::optional<std::string_view> given) {
    if (given) return *given;
    if (at_ == words_.size())
      return refuse(fmt::format("--{} needs a value: --{} {}", flag.name, flag.name, flag.value), EINVAL);
    return words_[at_++];
  }

  static Outcome<> set_switch(const Flag& flag, bool* target, std::optional<std::string_view> given) {
    const std::string_view word = given.value_or("true");
    const bool yes = word == "true" || word == "1" || word == "t";
    if (!yes && word != "false" && word != "0" && word != "f")
      return refuse(fmt::format("--{}={}: a switch is either true or false", flag.name, word), EINVAL);
    *target = yes;
    return {};
  }

  Outcome<> set_text(const Flag& flag, std::string* target, std::optional<std::string_view> given) {
    *target = TRY(value(flag, given));
    return {};
  }

  Outcome<> set_filled(const Flag& flag, Filled target, std::optional<std::string_view> given) {
    const std::string_view word = TRY(value(flag, given));
    if (word.empty()) return refuse(fmt::format("flag --{}: its value is empty", flag.name), EINVAL);
    *target.text = word;
    return {};
  }

  Outcome<> add(const Flag& flag, std::vector<std::string>* target, std::optional<std::string_view> given) {
    target->emplace_back(TRY(value(flag, given)));
    return {};
  }

  Outcome<> set_number(const Flag& flag, unsigned* target, std::optional<std::string_view> given) {
    const std::string_view word = TRY(value(flag, given));
    const auto number = spec::whole_number<unsigned>(word);
    if (!number)
      return refuse(fmt::format("--{} {}: wanted is a whole number, 0 or greater", flag.name, word), EINVAL);
    *target = *number;
    return {};
  }

  Outcome<> set_optional(Optional target, std::optional<std::string_view> given) {
    const auto is_value = [](std::string_view word) {
      return word == "true" || word == "false" || word == "auto";
    };
    if (!given && at_ < words_.size() && is_value(words_[at_])) given = words_[at_++];
    *target.text = given.value_or("true");
    return {};
  }

  static Outcome<> unknown(std::string_view word) {
    return refuse(fmt::format("flag provided but not defined: {}", word), EINVAL);
  }

  Words words_;
  std::span<const Flag> flags_;
  std::size_t at_ = 0;
};

std::string wanted(const Usage& usage) {
  if (usage.most == 0) return "no arguments";
  if (usage.least == usage.most)
    return fmt::format("exactly {} argument{}", usage.least, usage.least == 1 ? "" : "s");
  if (usage.most == any_number)
    return fmt::format("at least {} argument{}", usage.least, usage.least == 1 ? "" : "s");
  return fmt::format("{} to {} arguments", usage.least, usage.most);
}

/// "run [flags] <container-id>", as far as there is something to say.
std::string usage_line(const Usage& usage, bool has_flags) {
  std::string line(usage.name);
  if (has_flags) line += " [flags]";
  if (!usage.arguments.empty()) line.append(" ").append(usage.arguments);
  return line;
}

std::string flag_names(const Flag& flag) {
  std::string out =
      flag.letter ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("    --{}", flag.name);
  if (!flag.value.empty()) out += fmt::format(" {}", flag.value);
  return out;
}

}  // namespace

Outcome<Arguments> parse(Words words, std::span<const Flag> flags, Order order) {
  return Parser(words, flags).all(order);
}

Outcome<Arguments> parse(Words words, const Usage& usage, std::span<const Flag> flags) {
  auto arguments = parse(words, flags, usage.order);
  if (!arguments)
    return refuse(
        fmt::format("{}: {}; see \"lodger {} --help\"", usage.name, arguments.error().text, usage.name),
        EINVAL);
  const std::size_t count = arguments->words.size();
  if (!arguments->help && (count < usage.least || count > usage.most))
    return refuse(fmt::format("\"{}\" requires {}, not {}: lodger {}", usage.name, wanted(usage), count,
                              usage_line(usage, false)),
                  EINVAL);
  return arguments;
}

std::string flag_lines(std::span<const Flag> flags) {
  std::string out;
  for (const auto& flag : flags)
    if (!flag.help.empty()) out += fmt::format("  {:<28} {}\n", flag_names(flag), flag.help);
  return out + fmt::format("  {:<28} {}\n", "-h, --help", "show this help");
}

std::string help_text(const Usage& usage, std::span<const Flag> flags) {
  return fmt::format("{}\n\nUsage: lodger {}\n\nFlags:\n{}", usage.about, usage_line(usage, !flags.empty()),
                     flag_lines(flags));
}

}  // namespace lodger::cli
