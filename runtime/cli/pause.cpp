#include "runtime/container/pause.hpp"

#include "runtime/cli/command.hpp"

namespace lodger::cli {

Outcome<int> pause(const Context& context, Words words) {
  const Usage usage{"pause", "<container-id>",
                    "Stops all processes of a container where they are, until \"resume\".", 1, 1};
  const auto given = TRY(arguments(context, words, usage, {}));
  if (!given) return 0;
  TRY(container::pause(context.store, std::string(given->words.front())));
  return 0;
}

}  // namespace lodger::cli
