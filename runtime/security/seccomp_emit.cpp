// How a program looks: load the architecture; jump to its section; load the number; bisect. A leaf of the
// tree is a run of ranges that share one verdict but for up to three single numbers: those are asked for by
// equality, which costs half of what two borders would. The verdicts that look at arguments lie between the
// sections, each once, however many numbers lead there.
#include "runtime/security/seccomp_emit.hpp"

#include <fmt/core.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <span>

#include "runtime/security/seccomp_assemble.hpp"

namespace lodger::security {

namespace {

using Op = spec::SeccompOperator;
constexpr std::size_t most_exceptions = 3;

std::uint32_t low_word(std::uint8_t arg) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + arg * sizeof(std::uint64_t));
}
std::uint32_t high_word(std::uint8_t arg) { return low_word(arg) + 4; }  // little-endian
std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// A run of ranges with one verdict but for single numbers.
struct Leaf {
  std::uint32_t first;
  std::uint16_t verdict;
  std::size_t exceptions = 0;
  Range exception[most_exceptions];
};

class Emitter {
 public:
  explicit Emitter(const Model& model) : model_(model), places_(model.verdicts.size()) {}
  Outcome<std::vector<sock_filter>> run();

 private:
  Label section(const Section& section);
  Label tree(std::span<const Leaf> leaves);
  Label leaf(const Leaf& leaf);
  Label verdict(std::uint16_t index);
  Label rules(const Verdict& verdict);
  Label equal_values(std::span<const Rule> run, bool wide, Label otherwise);
  Label condition(const Condition& c, bool wide, Label yes, Label no);
  Label equal(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Label yes, Label no);
  Label above(const Condition& c, std::uint16_t comparison, bool wide, Label yes, Label no);

  struct Place {
    bool made = false;
    Label label{};
  };
  const Model& model_;
  Assembler out_;
  std::vector<Place> places_;  // of the verdicts with rules
};

// One word of an argument, masked, against a value.
Label Emitter::equal(std::uint32_t offset, std::uint32_t value, std::uint32_t mask, Label yes, Label no) {
  if (mask == 0) return yes;
  if (mask == ~0U) return out_.load(offset, out_.branch(BPF_JEQ, value, yes, no));
  if (value == 0) return out_.load(offset, out_.branch(BPF_JSET, mask, no, yes));
  return out_.load(offset, out_.mask(mask, out_.branch(BPF_JEQ, value, yes, no)));
}

// The argument as a whole is above the value: BPF_JGT, or BPF_JGE for "or equal".
Label Emitter::above(const Condition& c, std::uint16_t comparison, bool wide, Label yes, Label no) {
  const Label lower = out_.load(low_word(c.arg), out_.branch(comparison, low(c.value), yes, no));
  if (!wide) return lower;
  const Label same = out_.branch(BPF_JEQ, high(c.value), lower, no);
  return out_.load(high_word(c.arg), out_.branch(BPF_JGT, high(c.value), yes, same));
}

Label Emitter::condition(const Condition& c, bool wide, Label yes, Label no) {
  switch (c.op) {
    case Op::gt: return above(c, BPF_JGT, wide, yes, no);
    case Op::ge: return above(c, BPF_JGE, wide, yes, no);
    case Op::lt: return above(c, BPF_JGE, wide, no, yes);
    case Op::le: return above(c, BPF_JGT, wide, no, yes);
    case Op::ne: std::swap(yes, no); [[fallthrough]];
    case Op::eq:
    case Op::masked_eq: break;
  }
  const Label lower = equal(low_word(c.arg), low(c.value), low(c.mask), yes, no);
  return wide ? equal(high_word(c.arg), high(c.value), high(c.mask), lower, no) : lower;
}

bool is_equal_value(const Rule& rule) { return rule.when.size() == 1 && rule.when[0].op == Op::eq; }

// personality(2)'s five allowed values, for one: loaded once, compared five times.
Label Emitter::equal_values(std::span<const Rule> run, bool wide, Label otherwise) {
  const Condition& common = run.front().when[0];
  Label at = otherwise;
  for (std::size_t i = run.size(); i-- > 0;)
    at = out_.branch(BPF_JEQ, low(run[i].when[0].value), out_.ret(run[i].action), at);
  at = out_.load(low_word(common.arg), at);
  return wide ? equal(high_word(common.arg), high(common.value), ~0U, at, otherwise) : at;
}

Label Emitter::rules(const Verdict& verdict) {
  Label at = out_.ret(verdict.otherwise);
  std::size_t end = verdict.rules.size();
  while (end > 0) {
    std::size_t begin = end - 1;
    const auto& last = verdict.rules[begin];
    if (is_equal_value(last)) {
      const auto joins = [&](const Rule& rule) {
        return is_equal_value(rule) && rule.when[0].arg == last.when[0].arg &&
               high(rule.when[0].value) == high(last.when[0].value);
      };
      while (begin > 0 && joins(verdict.rules[begin - 1])) --begin;
      at = equal_values(std::span(verdict.rules).subspan(begin, end - begin), verdict.wide, at);
    } else {
      Label holds = out_.ret(last.action);
      for (std::size_t i = last.when.size(); i-- > 0;)
        holds = condition(last.when[i], verdict.wide, holds, at);
      at = holds;
    }
    end = begin;
  }
  return at;
}

Label Emitter::verdict(std::uint16_t index) {
  const auto& verdict = model_.verdicts[index];
  if (verdict.rules.empty()) return out_.ret(verdict.otherwise);
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (places_[i].made && model_.verdicts[i] == verdict) return places_[i].label;
  places_[index] = {true, rules(verdict)};
  return places_[index].label;
}

// Cuts ranges into leaves, greedily from the left.
std::vector<Leaf> leaves_of(std::span<const Range> ranges) {
  const auto single = [&](std::size_t i) {
    return i + 1 < ranges.size() && ranges[i + 1].first - ranges[i].first == 1;
  };
  std::vector<Leaf> leaves;
  for (std::size_t i = 0; i < ranges.size();) {
    Leaf leaf{ranges[i].first, ranges[i].verdict, 0, {}};
    if (single(i)) {  // the number before the run may be an exception, too
      leaf.exception[leaf.exceptions++] = ranges[i];
      leaf.verdict = ranges[++i].verdict;
    }
    ++i;
    while (i + 1 < ranges.size() && leaf.exceptions < most_exceptions && single(i) &&
           ranges[i + 1].verdict == leaf.verdict) {
      leaf.exception[leaf.exceptions++] = ranges[i];
      i += 2;
    }
    leaves.push_back(leaf);
  }
  return leaves;
}

Label Emitter::leaf(const Leaf& leaf) {
  Label at = verdict(leaf.verdict);
  for (std::size_t i = leaf.exceptions; i-- > 0;) {
    const Label exception = verdict(leaf.exception[i].verdict);
    at = out_.branch(BPF_JEQ, leaf.exception[i].first, exception, at);
  }
  return at;
}

Label Emitter::tree(std::span<const Leaf> leaves) {
  if (leaves.size() == 1) return leaf(leaves.front());
  const auto middle = leaves.size() / 2;
  const Label upper = tree(leaves.subspan(middle));
  const Label lower = tree(leaves.first(middle));
  return out_.branch(BPF_JGE, leaves[middle].first, upper, lower);
}

Label Emitter::section(const Section& section) {
  return out_.load(offsetof(seccomp_data, nr), tree(leaves_of(section.ranges)));
}

Outcome<std::vector<sock_filter>> Emitter::run() {
  std::vector<Label> sections(model_.sections.size());
  for (std::size_t i = sections.size(); i-- > 0;) sections[i] = section(model_.sections[i]);
  Label at = out_.ret(model_.foreign);
  for (std::size_t i = sections.size(); i-- > 0;)
    at = out_.branch(BPF_JEQ, model_.sections[i].audit, sections[i], at);
  out_.load(offsetof(seccomp_data, arch), at);
  if (out_.size() <= BPF_MAXINSNS) return std::move(out_).finish();
  return refuse(
      fmt::format("linux.seccomp: the profile needs {} instructions and the kernel takes {}; "
                  "shorten it, above all its argument comparisons",
                  out_.size(), BPF_MAXINSNS));
}

}  // namespace

Outcome<std::vector<sock_filter>> emit(const Model& model) { return Emitter(model).run(); }

}  // namespace lodger::security
