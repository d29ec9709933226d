#include "runtime/container/events.hpp"

#include <fmt/core.h>

#include "runtime/cli/command.hpp"
#include "runtime/cli/quantity.hpp"

namespace lodger::cli {

Outcome<int> events(const Context& context, Words words) {
  std::string interval = "5s";
  bool once = false;
  const Flag flags[] = {{"interval", 0, "TIME", "how often the figures are printed (default: 5s)", &interval},
                        {"stats", 0, "", "print the figures once", &once}};
  const Usage usage{
      "events", "<container-id>",
      "Prints a container's figures every few seconds, and when it runs out of memory, as JSON.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  const auto every = TRY(parse_duration("--interval", interval));
  if (every == 0) return refuse("events: --interval: the duration must be greater than 0", EINVAL);
  const std::string id(given->words.front());
  const container::EventLine line = [](std::string_view event) { return print(fmt::format("{}\n", event)); };
  if (once)
    TRY(container::statistics_once(context.store, id, line));
  else
    TRY(container::events(context.store, id, every, line));
  return 0;
}

}  // namespace lodger::cli
