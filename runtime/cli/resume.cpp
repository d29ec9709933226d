#include "runtime/cli/command.hpp"
#include "runtime/container/pause.hpp"

namespace lodger::cli {

Outcome<int> resume(const Context& context, Words words) {
  const Usage usage{"resume", "<container-id>", "Lets the processes of a paused container go on.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, {}));
  if (!given) return 0;
  TRY(container::resume(context.store, std::string(given->words.front())));
  return 0;
}

}  // namespace lodger::cli
