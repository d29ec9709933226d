#include "runtime/cli/creation.hpp"

namespace lodger::cli {

Outcome<int> create(const Context& context, Words words) {
  container::CreateRequest request;
  const auto flags = creation_flags(request);
  const Usage usage{"create", "<new-container-id>",
                    "Makes a container of a bundle, up to the start of its process, which \"start\" begins.",
                    1, 1};
  const auto given = TRY(arguments(context, words, usage, flags));
  if (!given) return 0;
  request.id = given->words.front();
  take_globals(context.globals, request);
  TRY(container::create(context.store, request, context.notices));
  return 0;
}

}  // namespace lodger::cli
