// The command line of lodger-conformance.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "case.hpp"

namespace conformance {

struct Options {
  std::string runtime;
  std::vector<std::string> filters, known_failures;
  std::string format = "pretty";
  Level level = Level::may;  // cases of this level and above
  std::size_t jobs = 0;      // 0: as many as there are processors for us
  int time_out = 60;         // seconds, for one case
  bool list = false, help = false;
  std::string error;  // what is wrong with the command line

  /// Whether the case is among those asked for.
  bool wants(const Case& test) const;
  /// Whether the caller knows that it fails.
  bool knows(const Case& test) const;
};

Options parse_options(int argc, char** argv);
std::string_view usage();

}  // namespace conformance
