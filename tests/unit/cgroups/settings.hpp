// Plans as lines to compare.
#pragma once
#include <catch2/catch.hpp>
#include <fmt/core.h>

#include <string>
#include <vector>

#include "cgroups/plan.hpp"

namespace lodger::tests {

using Lines = std::vector<std::string>;

inline Lines lines_of(const std::vector<cgroups::Setting>& settings) {
  Lines lines;
  for (const auto& s : settings) lines.push_back(fmt::format("{}={}", s.file, s.value));
  return lines;
}

inline Lines written(const Outcome<cgroups::Plan>& plan) {
  if (!plan) FAIL(plan.error().text);
  return lines_of(plan->settings);
}

template <class T>
std::string refusal(const Outcome<T>& outcome) {
  return outcome ? "not refused" : outcome.error().text;
}

}  // namespace lodger::tests
