// What a test needs of the machine: where it lacks, the test says so, ends, and is counted as skipped.
#pragma once
#include <unistd.h>

#include "tests/unit/skip.hpp"

/// First line of every test that makes containers.
#define NEEDS_ROOT()                             \
  do {                                           \
    if (geteuid() != 0) SKIP_TEST("needs root"); \
  } while (false)

/// Ends the test where this version of the program says that it does not do yet what `edit` asks for.
#define NEEDS_FEATURE(edit)                                          \
  do {                                                               \
    const std::string why = ::lodger::test::not_supported_yet(edit); \
    if (!why.empty()) SKIP_TEST(why);                                \
  } while (false)

/// Ends the test where `condition` does not hold.
#define NEEDS(condition, reason)         \
  do {                                   \
    if (!(condition)) SKIP_TEST(reason); \
  } while (false)
