// A lock that is waited for with patience, not for ever. flock(2).
#pragma once
#include <sys/file.h>

#include "kernel/file.hpp"
#include "kernel/time.hpp"

namespace lodger::kernel {

/// flock(2) has no time limit of its own: asks again every few milliseconds until `patience` (in
/// milliseconds) is used up; then EWOULDBLOCK.
inline Result<> lock_within(int fd, std::int64_t patience) {
  constexpr std::int64_t pause = 5;  // ms
  for (std::int64_t waited = 0;; waited += pause) {
    const auto locked = flock(fd, LOCK_EX | LOCK_NB);
    if (locked || locked.error().code != EWOULDBLOCK || waited >= patience) return locked;
    sleep_us(pause * 1000);
  }
}

}  // namespace lodger::kernel
