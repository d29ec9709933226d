// What host mode adds to a configuration, and what it cannot allow.
#pragma once
#include "kernel/failure.hpp"
#include "netmode/mode.hpp"
#include "spec/config.hpp"

namespace lodger::netmode {

/// Read-only binds of the host's /etc/resolv.conf and /etc/hosts, and the host's name, each where the bundle
/// has nothing of its own there.
Outcome<> add_name_resolution(spec::Config& config, const HostFiles& files);

/// Refuses net.* sysctls, all at once, each with the value that the host has now.
Outcome<> refuse_sysctls(const spec::Config& config, const HostFiles& files);

}  // namespace lodger::netmode
