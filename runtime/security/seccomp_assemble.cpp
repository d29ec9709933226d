#include "runtime/security/seccomp_assemble.hpp"

#include <algorithm>

namespace lodger::security {

namespace {
// A conditional jump skips at most 255. Two instructions may still come between a label made near and the
// branch that uses it: the other target's jump, and the branch itself.
constexpr std::uint32_t reach = 255 - 2;
}  // namespace

Label Assembler::emit(std::uint16_t code, std::uint32_t k, std::uint8_t jt, std::uint8_t jf) {
  reversed_.push_back({code, jt, jf, k});
  return {static_cast<std::uint32_t>(reversed_.size() - 1)};
}

Label Assembler::ret(std::uint32_t value) {
  const auto found = std::ranges::find(returns_, value, &Return::value);
  if (found != returns_.end() && reversed_.size() - found->label.index <= reach) return found->label;
  const Label label = emit(BPF_RET | BPF_K, value);
  if (found != returns_.end())
    found->label = label;
  else
    returns_.push_back({value, label});
  return label;
}

Label Assembler::near(Label label) {
  const auto far = static_cast<std::uint32_t>(reversed_.size()) - label.index;
  if (far <= reach) return label;
  const auto& there = reversed_[label.index];
  if (there.code == (BPF_RET | BPF_K)) return ret(there.k);
  return emit(BPF_JMP | BPF_JA, far - 1);  // its offset has 32 bits
}

void Assembler::follow(Label next) {
  const auto far = static_cast<std::uint32_t>(reversed_.size()) - next.index;
  if (far > 1) emit(BPF_JMP | BPF_JA, far - 1);
}

std::uint8_t Assembler::distance(Label label) const {
  return static_cast<std::uint8_t>(reversed_.size() - label.index - 1);
}

Label Assembler::load(std::uint32_t offset, Label next) {
  follow(next);
  return emit(BPF_LD | BPF_W | BPF_ABS, offset);
}

Label Assembler::mask(std::uint32_t k, Label next) {
  follow(next);
  return emit(BPF_ALU | BPF_AND | BPF_K, k);
}

Label Assembler::branch(std::uint16_t comparison, std::uint32_t k, Label if_true, Label if_false) {
  const Label yes = near(if_true);
  const Label no = near(if_false);
  return emit(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), k, distance(yes), distance(no));
}

std::vector<sock_filter> Assembler::finish() && {
  std::ranges::reverse(reversed_);
  return std::move(reversed_);
}

}  // namespace lodger::security
