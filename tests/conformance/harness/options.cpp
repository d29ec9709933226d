#include "options.hpp"

#include <fnmatch.h>
#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace conformance {
namespace {

bool matches(const std::string& filter, const std::string& name) {
  if (filter.find_first_of("*?[") == std::string::npos) return name.find(filter) != std::string::npos;
  return fnmatch(filter.c_str(), name.c_str(), 0) == 0;
}

bool matches_any(const std::vector<std::string>& filters, const std::string& name) {
  return std::any_of(filters.begin(), filters.end(), [&](const auto& f) { return matches(f, name); });
}

bool number(std::string_view text, int most, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 1 && out <= most;
}

bool level(std::string_view text, Level& out) {
  for (const Level one : {Level::must, Level::should, Level::may}) {
    std::string name(to_string(one));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(c | 0x20); });
    if (name == text) return out = one, true;
  }
  return false;
}

std::string take(Options& options, int letter, const std::string& value) {
  int count = 0;
  switch (letter) {
    case 'r': return options.runtime = value, "";
    case 'f': return options.filters.push_back(value), "";
    case 'k': return options.known_failures.push_back(value), "";
    case 'F':
      if (value != "tap" && value != "junit" && value != "pretty")
        return "--format " + value + ": not one of pretty, tap, junit";
      return options.format = value, "";
    case 'j':
      if (!number(value, 1024, count)) return "--jobs " + value + ": not a number from 1 to 1024";
      return options.jobs = static_cast<std::size_t>(count), "";
    case 't':
      if (!number(value, 3600, options.time_out))
        return "--timeout " + value + ": not a number of seconds from 1 to 3600";
      return "";
    case 'L': return level(value, options.level) ? "" : "--level " + value + ": not one of must, should, may";
    case 'l': return options.list = true, "";
    case 'h': return options.help = true, "";
    default: return "unknown option or missing value";
  }
}

}  // namespace

bool Options::wants(const Case& test) const {
  return test.clause.level <= level && (filters.empty() || matches_any(filters, test.full_name()));
}

bool Options::knows(const Case& test) const { return matches_any(known_failures, test.full_name()); }

Options parse_options(int argc, char** argv) {
  static constexpr option known[] = {{"runtime", required_argument, nullptr, 'r'},
                                     {"filter", required_argument, nullptr, 'f'},
                                     {"known-failure", required_argument, nullptr, 'k'},
                                     {"format", required_argument, nullptr, 'F'},
                                     {"jobs", required_argument, nullptr, 'j'},
                                     {"timeout", required_argument, nullptr, 't'},
                                     {"level", required_argument, nullptr, 'L'},
                                     {"list", no_argument, nullptr, 'l'},
                                     {"help", no_argument, nullptr, 'h'},
                                     {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter = 0;
       options.error.empty() && (letter = getopt_long(argc, argv, ":h", known, nullptr)) != -1;) {
    options.error = take(options, letter, optarg != nullptr ? optarg : "");
    if (letter == '?' || letter == ':') options.error = std::string(argv[optind - 1]) + ": " + options.error;
  }
  if (options.error.empty() && optind < argc)
    options.error = std::string(argv[optind]) + ": no argument is expected";
  if (options.error.empty() && options.runtime.empty() && !options.list && !options.help)
    options.error = "--runtime PATH is missing";
  return options;
}

std::string_view usage() {
  return "usage: lodger-conformance --runtime PATH [OPTION]...\n"
         "Judges an OCI runtime with runc's command line by the OCI runtime specification.\n"
         "  --runtime PATH   the program to judge\n"
         "  --filter TEXT    only cases with TEXT in their name, or that match it where it has * ? [; "
         "repeatable\n"
         "  --known-failure TEXT  failures of cases that TEXT means, as in --filter, do not count; "
         "repeatable\n"
         "  --level LEVEL    only cases of must; of must and should; or (the default, may) all\n"
         "  --format FORMAT  pretty (the default), tap (version 13) or junit\n"
         "  --jobs N         cases at a time; as many as there are processors when not given\n"
         "  --timeout N      seconds that a case may take, 60 when not given\n"
         "  --list           print names and clauses, run nothing\n"
         "Exit status: 0 when no case failed, 1 when one failed, 2 when the command line is wrong, 3 when a "
         "signal ended it.\n";
}

}  // namespace conformance
