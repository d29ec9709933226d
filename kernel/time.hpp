// Time. clock_gettime(2), nanosleep(2).
#pragma once
#include <time.h>

#include <cstdint>

#include "kernel/syscall.hpp"

namespace lodger::kernel {

/// CLOCK_MONOTONIC in nanoseconds: for measuring how long something took.
inline std::int64_t monotonic_ns() {
  timespec now{};
  raw(__NR_clock_gettime, CLOCK_MONOTONIC, word(&now));  // cannot fail for this clock
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// For poll: how long it is until `moment` (of monotonic_ns), rounded up; 0 once it is past.
inline long milliseconds_until(std::int64_t moment) {
  const auto left = moment - monotonic_ns();
  return left <= 0 ? 0 : static_cast<long>((left + 999'999) / 1'000'000);
}

/// nanosleep(2). A signal may end it early, which those who wait in a loop do not mind.
inline void sleep_us(std::int64_t microseconds) {
  const timespec time{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
  raw(__NR_nanosleep, word(&time));
}

}  // namespace lodger::kernel
