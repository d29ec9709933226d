#include "runtime/cli/command.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/file.hpp"

namespace lodger::cli {
namespace {

constexpr Command table[] = {
    {"create", "make a container up to the start of its process", create},
    {"start", "start the process of a created container", start},
    {"run", "create and start a container", run},
    {"exec", "run a further process in a container", exec},
    {"state", "print the state of a container", state},
    {"kill", "send a signal to a container", kill},
    {"pause", "stop all processes of a container for a while", pause},
    {"resume", "let a paused container go on", resume},
    {"delete", "remove a container", remove},
    {"list", "list the containers", list},
    {"ps", "list the processes of a container", ps},
    {"ports", "list the ports that containers hold", ports},
    {"events", "print figures and events of a container", events},
    {"update", "change the limits of a container", update},
    {"spec", "write a default config.json", write_spec},
    {"features", "print what this lodger can do", features},
    {"check", "tell what this machine allows, and whether a bundle can run here", check_machine},
    {"network", "show bridge networks, or remove what nobody uses", network},
    {"version", "print the version", version},
    {"checkpoint", "write a container to disk (not available)", checkpoint},
    {"restore", "make a container of what checkpoint wrote (not available)", restore},
};

std::string overview(Globals& globals) {
  std::string out =
      "lodger runs containers from bundles of the Open Container Initiative.\n\n"
      "Usage: lodger [global flags] <command> [flags] [arguments]\n\nCommands:\n";
  for (const auto& command : table) out += fmt::format("  {:<10} {}\n", command.name, command.summary);
  return out + "\nGlobal flags:\n" + flag_lines(global_flags(globals)) +
         "\n\"lodger <command> --help\" shows the flags of a command.\n";
}

Outcome<int> show_overview(Globals& globals) {
  TRY(print(overview(globals)));
  return 0;
}

Outcome<const Command*> find(std::string_view name) {
  const auto* command = std::ranges::find(table, name, &Command::name);
  if (command != std::end(table)) return command;
  return refuse(fmt::format("unknown command \"{}\"; see \"lodger --help\"", name), EINVAL);
}

/// "help", and "help <command>".
Outcome<int> help(Words words, Context context, Globals& globals) {
  if (words.empty()) return show_overview(globals);
  const std::string_view flag[] = {"--help"};
  return TRY(find(words.front()))->run(context, Words(flag));
}

}  // namespace

std::span<const Command> commands() { return table; }

Outcome<int> dispatch(Words words, Globals& globals, const container::Notices& notices) {
  const auto parsed = TRY(parse(words, global_flags(globals), Order::first));
  if (parsed.help) return show_overview(globals);
  TRY(settle(globals));
  if (auto usable = log_for(globals).check(); !usable) {
    globals.log_path.clear();  // or the failure could not be told without a second one
    return std::unexpected(std::move(usable.error()));
  }
  const container::Store store(globals.root);
  const Context context{globals, store, notices};
  if (globals.version) return version(context, {});
  if (parsed.words.empty()) return show_overview(globals);
  const auto rest = Words(parsed.words).subspan(1);
  if (parsed.words.front() == "help") return help(rest, context, globals);
  return TRY(find(parsed.words.front()))->run(context, rest);
}

Outcome<std::optional<Arguments>> arguments(const Context& context, Words words, const Usage& usage,
                                            std::span<const Flag> flags) {
  if (context.describe) {
    (*context.describe)(usage, flags);
    return std::nullopt;
  }
  auto parsed = TRY(parse(words, usage, flags));
  if (!parsed.help) return std::optional(std::move(parsed));
  TRY(print(help_text(usage, flags)));
  return std::nullopt;
}

Outcome<> print(std::string_view text) { return explained(kernel::write_all(1, text), "writing to stdout"); }

}  // namespace lodger::cli
