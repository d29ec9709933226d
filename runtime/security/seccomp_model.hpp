// A profile as plain data, between config.json and the program: which verdict each range of numbers has, per
// architecture. seccomp_model.cpp makes it, seccomp_emit.cpp turns it into instructions.
#pragma once
#include <cstdint>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/seccomp.hpp"

namespace lodger::security {

/// One comparison of an argument. `value` is already masked; `mask` is all ones but for masked_eq. For an
/// architecture of 32 bits both are cut to 32.
struct Condition {
  std::uint8_t arg;
  spec::SeccompOperator op;
  std::uint64_t value, mask;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// `action` (SECCOMP_RET_* with its data) if all conditions hold.
struct Rule {
  std::vector<Condition> when;  // in order of argument, at most one each
  std::uint32_t action;
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// The first rule that holds, or else `otherwise`.
struct Verdict {
  std::vector<Rule> rules;
  std::uint32_t otherwise;
  bool wide;  // compare 64 bits; says nothing without rules
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// Numbers from `first` up to the next range's first (the last range: to 2^32-1).
struct Range {
  std::uint32_t first;
  std::uint16_t verdict;  // index into Model::verdicts
};

struct Section {
  std::uint32_t audit;  // AUDIT_ARCH_*
  std::vector<Range> ranges;
};

struct Model {
  std::vector<Verdict> verdicts;
  std::vector<Section> sections;  // the native one first
  std::uint32_t foreign;          // the action for architectures without a section
};

/// Resolves names, merges rules and fills the gaps. With `newer_is_enosys`, calls that are newer than the
/// profile get ENOSYS (see seccomp.hpp).
Outcome<Model> model(const spec::Seccomp& profile, bool newer_is_enosys);

/// SECCOMP_RET_* with its data in the low 16 bits.
std::uint32_t action_value(spec::SeccompAction action, std::optional<std::uint32_t> errno_ret);

}  // namespace lodger::security
