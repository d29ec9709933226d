#include "runtime/security/seccomp_rules.hpp"

#include <algorithm>

namespace lodger::security {

using Op = spec::SeccompOperator;

std::vector<Condition> conditions(std::span<const spec::SeccompArg> args, bool wide) {
  const std::uint64_t width = wide ? ~std::uint64_t{0} : 0xffffffff;
  std::vector<Condition> out;
  for (const auto& arg : args) {
    const bool masked = arg.op == Op::masked_eq;
    const std::uint64_t mask = masked ? arg.value & width : width;
    const std::uint64_t value = (masked ? arg.value_two : arg.value) & mask;
    if (!mask) continue;
    auto at = out.end();
    while (at != out.begin() && at[-1].arg > arg.index) --at;
    out.insert(at, {static_cast<std::uint8_t>(arg.index), arg.op, value, mask});
  }
  return out;
}

namespace {

bool is_prefix(const std::vector<Condition>& shorter, const std::vector<Condition>& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

// Equality is asked before "less", and that before "greater".
int rank(Op op) {
  switch (op) {
    case Op::ne:
    case Op::eq:
    case Op::masked_eq: return 0;
    case Op::lt:
    case Op::le: return 1;
    case Op::ge:
    case Op::gt: return 2;
  }
  __builtin_unreachable();
}

std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// Do both ask the same about the upper half? Then libseccomp keeps them together and looks at the lower.
bool same_upper_half(const Condition& a, const Condition& b) {
  const bool both_masked = (a.op == Op::masked_eq) == (b.op == Op::masked_eq);
  return a.arg == b.arg && both_masked && (rank(a.op) == 0) == (rank(b.op) == 0) &&
         high(a.value) == high(b.value) && high(a.mask) == high(b.mask);
}

// Below 0: a is asked first; 0: neither, the first to come stays first.
int compare(const Condition& a, const Condition& b, bool wide) {
  if (a.arg != b.arg) return a.arg > b.arg ? -1 : 1;
  if (rank(a.op) != rank(b.op)) return rank(a.op) < rank(b.op) ? -1 : 1;
  const bool undecided = wide && !same_upper_half(a, b) && high(a.value) == high(b.value);
  if (undecided || a.value == b.value) return 0;
  const bool rising = rank(a.op) == 1;  // of two "less than", the lower bound is the narrower
  return (a.value < b.value) == rising ? -1 : 1;
}

bool asked_before(const Rule& a, const Rule& b, bool wide) {
  const auto common = std::min(a.when.size(), b.when.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const int order = compare(a.when[i], b.when[i], wide)) return order < 0;
    if (!(a.when[i] == b.when[i])) return false;
  }
  return a.when.size() < b.when.size();
}

// Where among rules in order a further one belongs.
std::size_t place(const std::vector<Rule>& rules, const Rule& rule, bool wide) {
  bool together = false;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const bool joins = wide && same_upper_half(rules[i].when[0], rule.when[0]);
    if ((together && !joins) || asked_before(rule, rules[i], wide)) return i;
    together = joins;
  }
  return rules.size();
}

}  // namespace

Added add(std::vector<Rule>& rules, const Rule& rule) {
  for (const auto& there : rules) {
    if (is_prefix(rule.when, there.when) && rule.action != there.action) return Added::contradiction;
    if (is_prefix(there.when, rule.when)) return Added::superfluous;
  }
  std::erase_if(rules, [&](const Rule& there) { return is_prefix(rule.when, there.when); });
  rules.push_back(rule);
  return Added::kept;
}

void order(std::vector<Rule>& rules, bool wide) {
  const auto differs = [&](const Rule& rule) { return rule.action != rules.front().action; };
  if (std::ranges::none_of(rules, differs)) return;
  std::vector<Rule> ordered;
  for (auto& rule : rules) {
    const auto at = static_cast<std::ptrdiff_t>(place(ordered, rule, wide));
    ordered.insert(ordered.begin() + at, std::move(rule));
  }
  rules = std::move(ordered);
}

}  // namespace lodger::security
