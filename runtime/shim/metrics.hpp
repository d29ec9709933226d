// A container's figures in the form that containerd has for this machine's kind of cgroups.
#pragma once
#include "cgroups/statistics.hpp"
#include "runtime/shim/wire/codec.hpp"

namespace lodger::shim {

/// io.containerd.cgroups.v1.Metrics or .v2.Metrics; a hybrid machine's controllers are v1's.
wire::Any metrics(const cgroups::Statistics& figures, cgroups::Kind kind);

}  // namespace lodger::shim
