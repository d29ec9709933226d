#include "runtime/security/seccomp_rules.hpp"

#include <algorithm>

namespace lodger::security {

using Op = spec::SeccompOperator;

namespace {

// Insertion: there are few of them, they are nearly sorted, and it is a fraction of std::stable_sort's code.
template <class Item, class Before>
void sort_few(std::vector<Item>& items, Before before) {
  for (std::size_t i = 1; i < items.size(); ++i)
    for (std::size_t at = i; at > 0 && before(items[at], items[at - 1]); --at)
      std::swap(items[at], items[at - 1]);
}

}  // namespace

std::vector<Condition> conditions(std::span<const spec::SeccompArg> args, bool wide) {
  const std::uint64_t width = wide ? ~std::uint64_t{0} : 0xffffffff;
  std::vector<Condition> out;
  for (const auto& arg : args) {
    const bool masked = arg.op == Op::masked_eq;
    const std::uint64_t mask = masked ? arg.value & width : width;
    const std::uint64_t value = (masked ? arg.value_two : arg.value) & mask;
    if (mask) out.push_back({static_cast<std::uint8_t>(arg.index), arg.op, value, mask});
  }
  sort_few(out, [](const Condition& a, const Condition& b) { return a.arg < b.arg; });
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

// -1: a is asked first; 0: neither.
int compare(const Condition& a, const Condition& b) {
  if (a.arg != b.arg) return a.arg > b.arg ? -1 : 1;
  if (rank(a.op) != rank(b.op)) return rank(a.op) < rank(b.op) ? -1 : 1;
  if (a.value == b.value) return 0;
  const bool rising = rank(a.op) == 1;  // of two "less than", the lower bound is the narrower
  return (a.value < b.value) == rising ? -1 : 1;
}

bool asked_before(const Rule& a, const Rule& b) {
  const auto common = std::min(a.when.size(), b.when.size());
  for (std::size_t i = 0; i < common; ++i)
    if (const int order = compare(a.when[i], b.when[i])) return order < 0;
  return a.when.size() < b.when.size();
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

void order(std::vector<Rule>& rules) {
  const bool one_action = std::ranges::all_of(
      rules, [&](std::uint32_t action) { return action == rules.front().action; }, &Rule::action);
  if (!one_action) sort_few(rules, asked_before);
}

}  // namespace lodger::security
