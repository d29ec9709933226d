// Entries of linux.namespaces that lead to where the runtime already is. namespaces(7).
#pragma once
#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::plan {

/// Takes such entries out of the configuration: there is nothing to make or to join, and the container's
/// namespace is the runtime's own, whose hostname, sysctls and mounts are not the container's to set.
/// Compared by identity (device and inode), since engines and attackers spell the same namespace in many
/// ways. A path that leads nowhere is left for plan_namespaces() to refuse. No system call without a path.
/// The network's entry is netmode::apply()'s alone: who looked at it twice could be shown two things.
void drop_own_namespaces(spec::Config& config);

}  // namespace lodger::plan
