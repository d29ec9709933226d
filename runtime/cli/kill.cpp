#include "runtime/container/kill.hpp"

#include "runtime/cli/command.hpp"

namespace lodger::cli {

Outcome<int> kill(const Context& context, Words words) {
  container::KillRequest request;
  const Flag flags[] = {
      {"all", 'a', "", "to every process of the container; a stopped one is no failure", &request.all}};
  const Usage usage{"kill",
                    "<container-id> [signal]",
                    "Sends a signal, by name or number, to a container's process (default: SIGTERM).",
                    1,
                    2,
                    Order::first};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  request.id = given->words.front();
  if (given->words.size() > 1) request.signal = TRY(container::parse_signal(given->words.back()));
  TRY(container::kill(context.store, request));
  return 0;
}

}  // namespace lodger::cli
