#include "runtime/cli/command.hpp"
#include "runtime/cli/facts.hpp"
#include "spec/defaults.hpp"

namespace lodger::cli {

Outcome<int> features(const Context& context, Words words) {
  const Usage usage{"features", "", "Prints what this lodger can do, as the document of the runtime-spec.", 0,
                    0};
  if (!TRY(arguments(context, words, usage, {}))) return 0;
  TRY(print(spec::features_document(gather_facts())));
  return 0;
}

}  // namespace lodger::cli
