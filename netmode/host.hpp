// What host mode adds to a configuration, and what it cannot allow.
#pragma once
#include "kernel/failure.hpp"
#include "netmode/mode.hpp"
#include "spec/config.hpp"

namespace lodger::netmode {

/// Read-only binds of the host's /etc/resolv.conf and /etc/hosts, each where the bundle has nothing of its
/// own there.
void add_resolver_files(spec::Config& config, const HostFiles& files);

/// These, and the host's name where the bundle has none.
Outcome<> add_name_resolution(spec::Config& config, const HostFiles& files);

/// Whether the bundle mounts something of its own at `destination`, or above it.
bool brings_own(const spec::Config& config, std::string_view destination);

/// Takes out net.* sysctls that the host has already, blanks aside: they ask for no change. Refuses the
/// others, all at once, each with the value that the host has now.
Outcome<> settle_sysctls(spec::Config& config, const HostFiles& files);

}  // namespace lodger::netmode
