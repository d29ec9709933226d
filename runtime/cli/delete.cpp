#include "runtime/cli/command.hpp"
#include "runtime/container/remove.hpp"

namespace lodger::cli {

Outcome<int> remove(const Context& context, Words words) {
  container::RemoveRequest request;
  const Flag flags[] = {{"force", 'f', "", "kill the container first if it still runs", &request.force}};
  const Usage usage{"delete", "<container-id>",
                    "Removes a container that has stopped, or was created and never started.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  request.id = given->words.front();
  TRY(container::remove(context.store, request, context.notices));
  return 0;
}

}  // namespace lodger::cli
