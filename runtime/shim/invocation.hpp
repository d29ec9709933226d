// How containerd calls the shim: flags in Go's form, an action, the environment. Source: containerd,
// pkg/shim/shim.go.
#pragma once
#include <string>

#include "runtime/cli/flags.hpp"

namespace lodger::shim {

struct Invocation {
  enum class Action : std::uint8_t { start, remove, info, version };
  Action action = Action::start;
  std::string name_space, id, bundle;
  std::string grpc_address, ttrpc_address;  // containerd's sockets, as paths
  bool debug = false;
};

/// `environment`: getenv(3). Fails on a flag that is not known, an action that is none, and a container
/// without id or namespace.
Outcome<Invocation> parse_invocation(cli::Words words, const char* (*environment)(const char*));

}  // namespace lodger::shim
