// The state document: what hooks read on stdin. Source: runtime-spec 1.3, runtime.md, "State".
#pragma once
#include <sys/types.h>

#include <map>
#include <string>

namespace lodger::spec {

struct State {
  std::string id, status, bundle;
  pid_t pid = 0;
  std::map<std::string, std::string> annotations;
};

/// What a seccomp agent gets beside the listener. Source: config-linux.md, "The Container Process State".
struct ProcessState {
  pid_t pid = 0;  // of the process with the filter, in the runtime's namespace
  std::string metadata;
  State state;  // of its container
};

/// One line of JSON: ociVersion, fds (the listener alone), pid, metadata (left out when empty), state.
std::string to_json(const ProcessState& state);

/// One line of JSON: ociVersion, id, status, pid (left out when 0), bundle, annotations (left out when
/// empty).
std::string to_json(const State& state);

}  // namespace lodger::spec
