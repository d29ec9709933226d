// What `create` and `run` have in common.
#pragma once
#include <vector>

#include "runtime/cli/command.hpp"

namespace lodger::cli {

/// The flags of create; run has some more.
std::vector<Flag> creation_flags(container::CreateRequest& request);

/// --network and the ports.
void add_network_flags(std::vector<Flag>& flags, container::CreateRequest& request);

/// Takes over what the global flags say.
void take_globals(const Globals& globals, container::CreateRequest& request);

}  // namespace lodger::cli
