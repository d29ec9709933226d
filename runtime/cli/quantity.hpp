// Numbers with units as callers write them. The whole text is read, or it is refused.
#pragma once
#include <cstdint>
#include <string_view>

#include "kernel/failure.hpp"
#include "spec/text.hpp"

namespace lodger::cli {

/// Bytes: a number, also one with a fraction, and k, m, g, t or p for powers of 1024 ("512M", "1.5GiB",
/// "4096b", in either case). -1 stands for "no limit". `flag` is for the complaint.
Outcome<std::int64_t> parse_bytes(std::string_view flag, std::string_view text);

/// A length of time as Go writes it: "5s", "1m30s", "1.5h", "500ms", "0"; in nanoseconds, not negative.
Outcome<std::int64_t> parse_duration(std::string_view flag, std::string_view text);

Failure not_a_number(std::string_view flag, std::string_view text);

template <class Integer>
Outcome<Integer> parse_integer(std::string_view flag, std::string_view text) {
  const auto number = spec::whole_number<Integer>(text);
  if (!number) return std::unexpected(not_a_number(flag, text));
  return *number;
}

}  // namespace lodger::cli
