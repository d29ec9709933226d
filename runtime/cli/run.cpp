#include "runtime/cli/creation.hpp"

namespace lodger::cli {

Outcome<int> run(const Context& context, Words words) {
  container::RunRequest request;
  auto flags = creation_flags(request);
  flags.push_back({"detach", 'd', "", "return once the process has started", &request.detach});
  flags.push_back({"keep", 0, "", "do not delete the container when its process has ended", &request.keep});
  flags.push_back({"no-subreaper", 0, "", "do not adopt orphans of the container", &request.no_subreaper});
  const Usage usage{"run", "<new-container-id>",
                    "Creates and starts a container, waits for its process and gives its exit status.", 1, 1};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  request.id = given->words.front();
  take_globals(context.globals, request);
  return container::run(context.store, request, context.notices);
}

}  // namespace lodger::cli
