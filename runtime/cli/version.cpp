#include <fmt/core.h>

#include "runtime/cli/build_info.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/facts.hpp"
#include "spec/defaults.hpp"

namespace lodger::cli {

/// The lines that engines look for: "<name> version <number>" first, then "commit: " and "spec: ".
Outcome<int> version(const Context& context, Words words) {
  const Usage usage{"version", "", "Prints the version of lodger and of what it is built on.", 0, 0};
  if (!TRY(arguments(context, words, usage, {}))) return 0;
  TRY(print(fmt::format("lodger version {}\ncommit: {}\nspec: {}\nlibseccomp: {}\n", build_version,
                        build_commit, spec::oci_version, libseccomp_version())));
  return 0;
}

}  // namespace lodger::cli
