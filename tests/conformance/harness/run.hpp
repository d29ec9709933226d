// What all cases of one run of the harness share. Made by main, never changed.
#pragma once
#include <string>

#include "command.hpp"
#include "machine.hpp"

namespace conformance {

struct Run {
  std::string runtime;  // the program under test, absolute
  std::string folder;   // everything that the run makes lies below; removed at its end
  std::string cgroup;   // "/lodger-conformance-<pid>": the cgroups of the run, in each hierarchy
  Machine machine;
  milliseconds case_limit{60'000};

  /// How long a command of the runtime may take, and how long a case waits for what has to come.
  milliseconds command_limit() const { return case_limit / 4; }
  milliseconds patience() const { return case_limit / 6; }

  std::string probe() const { return folder + "/probe"; }
  /// A case's own folder: the runtime's state in "state", and a folder for each container, named by its id.
  std::string case_folder(std::size_t index) const { return folder + "/" + std::to_string(index); }
};

/// The probe's program, which the build puts into the harness.
std::string_view probe_image();

}  // namespace conformance
