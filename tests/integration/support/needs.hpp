// What a test needs of the machine: where it lacks, the test says so, ends, and is counted as skipped.
#pragma once
#include <unistd.h>

#include "tests/unit/skip.hpp"

/// First line of every test that makes containers.
#define NEEDS_ROOT()                             \
  do {                                           \
    if (geteuid() != 0) SKIP_TEST("needs root"); \
  } while (false)

/// Ends the test where `condition` does not hold.
#define NEEDS(condition, reason)         \
  do {                                   \
    if (!(condition)) SKIP_TEST(reason); \
  } while (false)
