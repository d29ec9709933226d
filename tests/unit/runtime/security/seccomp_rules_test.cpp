#include "runtime/security/seccomp_rules.hpp"

#include <catch2/catch.hpp>

using namespace lodger;
using namespace lodger::security;
using Op = spec::SeccompOperator;

namespace {

Condition eq(std::uint8_t arg, std::uint64_t value) { return {arg, Op::eq, value, ~0ULL}; }
Condition gt(std::uint8_t arg, std::uint64_t value) { return {arg, Op::gt, value, ~0ULL}; }
Condition lt(std::uint8_t arg, std::uint64_t value) { return {arg, Op::lt, value, ~0ULL}; }

std::vector<std::uint32_t> actions(std::vector<Rule> rules) {
  order(rules, true);
  std::vector<std::uint32_t> out;
  for (const auto& rule : rules) out.push_back(rule.action);
  return out;
}

}  // namespace

TEST_CASE("comparisons are sorted by argument, cut to the width and masked") {
  const std::vector<spec::SeccompArg> args{{3, 0x1'0000'0007, 9, Op::ge}, {0, 0xff, 0x1ab, Op::masked_eq}};
  const auto wide = conditions(args, true);
  REQUIRE(wide.size() == 2);
  CHECK(wide[0] == Condition{0, Op::masked_eq, 0xab, 0xff});
  CHECK(wide[1] == Condition{3, Op::ge, 0x1'0000'0007, ~0ULL});
  CHECK(conditions(args, false)[1] == Condition{3, Op::ge, 7, 0xffffffff});
}

TEST_CASE("an empty mask always holds and is no comparison") {
  const std::vector<spec::SeccompArg> args{{1, 0xff'0000'0000, 5, Op::masked_eq}};
  CHECK(conditions(args, false).empty());
  CHECK(conditions(args, true).size() == 1);
}

TEST_CASE("the same rule twice is superfluous, with another action it contradicts") {
  std::vector<Rule> rules;
  CHECK(add(rules, {{eq(0, 1)}, 7}) == Added::kept);
  CHECK(add(rules, {{eq(0, 1)}, 7}) == Added::superfluous);
  CHECK(add(rules, {{eq(0, 1)}, 8}) == Added::contradiction);
  CHECK(rules.size() == 1);
}

TEST_CASE("a shorter rule covers a longer one") {
  std::vector<Rule> rules;
  add(rules, {{eq(0, 1), eq(1, 2)}, 7});
  CHECK(add(rules, {{eq(0, 1)}, 8}) == Added::contradiction);
  CHECK(add(rules, {{eq(0, 1)}, 7}) == Added::kept);
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].when.size() == 1);
  CHECK(add(rules, {{eq(0, 1), eq(2, 2)}, 9}) == Added::superfluous);
}

TEST_CASE("rules of one action keep their order") {
  CHECK(actions({{{eq(0, 1)}, 5}, {{eq(3, 1)}, 5}, {{gt(3, 1)}, 5}}) == std::vector<std::uint32_t>{5, 5, 5});
  std::vector<Rule> rules{{{eq(0, 1)}, 5}, {{eq(3, 1)}, 5}};
  order(rules, true);
  CHECK(rules[0].when[0].arg == 0);
}

TEST_CASE("rules that disagree: higher argument, then equality, then the narrower") {
  CHECK(actions({{{eq(0, 1)}, 1}, {{eq(3, 1)}, 2}}) == std::vector<std::uint32_t>{2, 1});
  CHECK(actions({{{gt(0, 1)}, 1}, {{lt(0, 9)}, 2}, {{eq(0, 5)}, 3}}) == std::vector<std::uint32_t>{3, 2, 1});
  CHECK(actions({{{gt(0, 1)}, 1}, {{gt(0, 5)}, 2}}) == std::vector<std::uint32_t>{2, 1});
  CHECK(actions({{{lt(0, 5)}, 1}, {{lt(0, 1)}, 2}}) == std::vector<std::uint32_t>{2, 1});
  CHECK(actions({{{eq(0, 1), eq(1, 1)}, 1}, {{eq(0, 1), eq(2, 1)}, 2}}) == std::vector<std::uint32_t>{2, 1});
}
