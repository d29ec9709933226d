// The flags before the command.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "runtime/cli/flags.hpp"
#include "runtime/cli/log.hpp"

namespace lodger::cli {

struct Globals {
  std::string root;  // as given; empty: the store's default
  std::string log_path, log_format = "text", log_level;
  std::string rootless, cgroup_manager, criu;
  std::string policy;  // settled: absolute; empty: none
  bool debug = false, systemd_cgroup = false, version = false;
  int failure = 1;  // the exit status of a failure
};

/// The table of them, for parse() and the help.
std::vector<Flag> global_flags(Globals& globals);

/// Fails where a flag's value is none of those; an empty one passes.
Outcome<> one_of(std::string_view flag, std::string_view value,
                 std::initializer_list<std::string_view> allowed);

/// The same file from wherever a command goes. `flag` named it.
Outcome<std::string> absolute(std::string_view flag, std::string path);

/// Checks the values against each other and makes `root` and `policy` absolute, `root` whole.
Outcome<> settle(Globals& globals);

/// The log that the flags ask for. Total, since the complaint about a wrong value has to be logged too.
Log log_for(const Globals& globals);

}  // namespace lodger::cli
