// New limits for a container. Not part of the runtime-spec: runc-update(8).
#pragma once
#include <string>

#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"
#include "spec/linux.hpp"

namespace lodger::container {

/// Changes the limits that `resources` names, and what l3CacheSchema and memBwSchema of `shares` say; the
/// others stay. All of them or none: see cgroups::update(). Fails with "container not running" for one that
/// has stopped.
Outcome<> update(const Store& store, const std::string& id, const spec::Resources& resources,
                 const spec::IntelRdt& shares = {});

}  // namespace lodger::container
