#include "runtime/cli/command.hpp"
#include "runtime/container/query.hpp"

namespace lodger::cli {

Outcome<int> state(const Context& context, Words words) {
  const Usage usage{"state", "<container-id>", "Prints the state of a container as JSON.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, {}));
  if (!given) return 0;
  const auto entry = TRY(container::observe(context.store, std::string(given->words.front())));
  TRY(print(container::state_document(entry) + '\n'));
  return 0;
}

}  // namespace lodger::cli
