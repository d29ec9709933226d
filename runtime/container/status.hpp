// What a container is doing now: nowhere stored, always observed.
// Source: runtime-spec 1.3, runtime.md, "State"; `paused` is the runtimes' own addition.
#pragma once
#include <string_view>

#include "kernel/fd.hpp"
#include "runtime/container/store.hpp"

namespace lodger::container {

enum class Status : std::uint8_t { creating, created, running, paused, stopped };
std::string_view to_string(Status status);

/// From the record, one look at /proc/PID/stat, at the freezer and at the start gate.
Outcome<Status> status_of(const Folder& folder, const Record& record);

/// Whether the container's own process lives: not ended, not waiting to be reaped, and not a newer one that
/// got the same pid.
Outcome<bool> alive(const Record& record);

/// A hold on the container's own process that no reuse of its pid can lead astray; none if it has ended.
Outcome<kernel::Fd<kernel::Process>> process_of(const Record& record);

}  // namespace lodger::container
