// A process that outlives who started it and is ended by whoever takes its container down: known by its
// number and the time of its start, which no other process has both of. proc_pid_stat(5), fields 1 and 22.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "kernel/failure.hpp"

namespace lodger::netmode {

struct Companion {
  pid_t pid = 0;  // 0: there is none
  std::uint64_t start_time = 0;
};

/// Whether it is there and no zombie.
Outcome<bool> lives(const Companion& companion);

/// Waits `grace_ms` for it to end by itself, then kills it and waits until it has let go of its files; a
/// child of ours is reaped. Nothing to do where it has ended, or where another process has its number. `name`
/// is what messages call it.
Outcome<> end(const Companion& companion, std::string_view name, long grace_ms);

}  // namespace lodger::netmode
