// The specification's meaning of rules, written down as plainly as can be: for what libseccomp gets wrong.
#pragma once
#include <array>
#include <random>

#include "spec/seccomp.hpp"

namespace lodger::test {

using Arguments = std::array<std::uint64_t, 6>;

inline bool holds(const spec::SeccompArg& arg, std::uint64_t actual) {
  using Op = spec::SeccompOperator;
  switch (arg.op) {
    case Op::ne: return actual != arg.value;
    case Op::lt: return actual < arg.value;
    case Op::le: return actual <= arg.value;
    case Op::eq: return actual == arg.value;
    case Op::ge: return actual >= arg.value;
    case Op::gt: return actual > arg.value;
    case Op::masked_eq: return (actual & arg.value) == (arg.value_two & arg.value);
  }
  __builtin_unreachable();
}

inline bool any_rule_holds(const spec::Seccomp& profile, const Arguments& actual) {
  for (const auto& rule : profile.syscalls) {
    bool all = true;
    for (const auto& arg : rule.args) all = all && holds(arg, actual[arg.index]);
    if (all) return true;
  }
  return false;
}

/// One to six rules that allow `name`, each with one to three comparisons of different arguments.
spec::Seccomp random_alternatives(std::mt19937_64& random, const char* name);

/// Arguments near the values that the profile compares with.
Arguments random_arguments(std::mt19937_64& random, const spec::Seccomp& profile);

}  // namespace lodger::test
