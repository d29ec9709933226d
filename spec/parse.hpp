// From the text of config.json to the typed model. Nothing is created or looked up here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::spec {

/// Parses a whole config.json. An error names the JSON path and what was expected there
/// ("linux.seccomp.syscalls[3].action: unknown action \"SCMP_ACT_FOO\""). Unknown members are ignored, as
/// config.md ("Extensibility") says. `remarks` gets what is to be warned of: names of another case.
Outcome<Config> parse(std::string_view text, std::vector<std::string>* remarks = nullptr);

/// Parses a process object alone, for `exec --process`.
Outcome<Process> parse_process(std::string_view text, std::vector<std::string>* remarks = nullptr);

/// Parses a resources object alone, for `update --resources`.
Outcome<Resources> parse_resources(std::string_view text, std::vector<std::string>* remarks = nullptr);

}  // namespace lodger::spec
