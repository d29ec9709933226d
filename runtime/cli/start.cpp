#include "runtime/cli/command.hpp"

namespace lodger::cli {

Outcome<int> start(const Context& context, Words words) {
  const Usage usage{"start", "<container-id>", "Starts the process of a created container.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, {}));
  if (!given) return 0;
  TRY(container::start(context.store, std::string(given->words.front()), context.notices));
  return 0;
}

}  // namespace lodger::cli
