// Room for the descriptors of a plan: the source of every bind mount is open from before the clone until it
// is mounted. getrlimit(2), RLIMIT_NOFILE.
#pragma once
#include <optional>

#include "kernel/credentials.hpp"
#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::plan {

/// How many descriptors a start holds at once, ours and init's, at most.
std::size_t descriptors_of(const spec::Config& config, unsigned preserve_fds);

/// Raises our own soft limit where it is below `needed`, and gives what it was before: the container is to
/// have that. Refused where the hard limit is lower. A start of the usual size costs one system call.
Outcome<std::optional<kernel::Limit>> make_room(std::size_t needed);

}  // namespace lodger::plan
