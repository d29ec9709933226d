#include "runtime/cli/describe.hpp"

#include "runtime/cli/command.hpp"

namespace lodger::cli {

std::vector<Described> describe_commands() {
  Globals globals;
  const container::Store store("");
  const container::Notices notices([](std::string_view) {});
  std::vector<Described> all;
  for (const auto& command : commands()) {
    const Describe take = [&](const Usage& usage, std::span<const Flag> flags) {
      all.push_back({command.name, command.summary, usage, {flags.begin(), flags.end()}});
    };
    (void)command.run({globals, store, notices, &take}, {});
  }
  return all;
}

std::vector<Flag> describe_globals() {
  Globals globals;
  return global_flags(globals);
}

}  // namespace lodger::cli
