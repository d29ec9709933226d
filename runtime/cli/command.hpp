// Commands, a file each: its flags, its help, one call into the library.
#pragma once
#include <functional>
#include <optional>
#include <span>

#include "runtime/cli/flags.hpp"
#include "runtime/cli/globals.hpp"
#include "runtime/container/lifecycle.hpp"

namespace lodger::cli {

/// Takes a command's definition in place of its being run: see describe.hpp.
using Describe = std::function<void(const Usage&, std::span<const Flag>)>;

/// What every command gets.
struct Context {
  Globals& globals;
  const container::Store& store;
  const container::Notices& notices;
  const Describe* describe = nullptr;
};

/// Does the command's work and gives the exit status; an error is printed and logged by main alone.
using Run = Outcome<int>(const Context& context, Words words);

Run create, start, run, exec, state, kill, pause, resume, remove, list, ps, ports, events, update, checkpoint,
    restore, write_spec, features, check_machine, network, version;

struct Command {
  std::string_view name, summary;
  Run* run;
};
/// In the order in which the help lists them.
std::span<const Command> commands();

/// Reads the flags before the command into `globals`, then runs the command. Without one it shows the help.
Outcome<int> dispatch(Words words, Globals& globals, const container::Notices& notices);

/// parse() for a command; none when its help was asked for and shown, or its definition. The first thing
/// that a command does.
Outcome<std::optional<Arguments>> arguments(const Context& context, Words words, const Usage& usage,
                                            std::span<const Flag> flags);

/// Writes to stdout.
Outcome<> print(std::string_view text);

}  // namespace lodger::cli
