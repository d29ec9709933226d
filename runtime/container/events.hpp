// What happens to a container: its figures every so often, and the ends that lack of memory brings. Not part
// of the runtime-spec: runc-events(8).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cgroups/statistics.hpp"
#include "kernel/failure.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

/// Takes one event, a line of JSON without its end.
using EventLine = std::function<Outcome<>(std::string_view)>;

/// The figures once. Fails with "container not running" for one that has stopped.
Outcome<> statistics_once(const Store& store, const std::string& id, const EventLine& line);

/// The figures every `interval` nanoseconds, and each want of memory, until the container's process ends.
Outcome<> events(const Store& store, const std::string& id, std::int64_t interval, const EventLine& line);

/// {"type":"stats","id":...,"data":{...}}: the members that callers of runc know.
std::string statistics_event(std::string_view id, const cgroups::Statistics& statistics);
/// {"type":"oom","id":...}
std::string oom_event(std::string_view id);

}  // namespace lodger::container
