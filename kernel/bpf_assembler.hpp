// BPF instructions, put together by hand: no compiler, no library. Source: "BPF Instruction Set Architecture"
// in Documentation/bpf/standardization of the kernel.
#pragma once
#include <linux/bpf.h>

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace lodger::kernel::bpf {

/// r0 is the program's answer, r1 what it was called with; a call of a helper takes r1 to r5. Below what r10
/// points to is the program's stack.
using Register = std::uint8_t;
inline constexpr Register answer = 0, context = 1, frame = 10;

constexpr bpf_insn instruction(unsigned code, Register into, Register from, int offset, std::int64_t value) {
  bpf_insn out{};
  out.code = static_cast<std::uint8_t>(code);
  out.dst_reg = into & 0xf;
  out.src_reg = from & 0xf;
  out.off = static_cast<std::int16_t>(offset);
  out.imm = static_cast<std::int32_t>(value);
  return out;
}

/// The 32 bits at `field` of what `base` points to, and back.
constexpr bpf_insn load(Register into, Register base, std::size_t field) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, into, base, static_cast<int>(field), 0);
}
constexpr bpf_insn store(Register base, std::size_t field, Register from) {
  return instruction(BPF_STX | BPF_MEM | BPF_W, base, from, static_cast<int>(field), 0);
}

/// Of 32 bits; the upper half becomes zero. `operation`: BPF_ADD, BPF_AND, BPF_MOV and so on.
constexpr bpf_insn compute(unsigned operation, Register in, std::int64_t value) {
  return instruction(BPF_ALU | operation | BPF_K, in, 0, 0, value);
}
/// All 64 bits: what points somewhere stays a pointer.
constexpr bpf_insn copy(Register into, Register from) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, into, from, 0, 0);
}
/// The lower 16 bits, or 32, between the network's order and the machine's; the rest becomes zero.
constexpr bpf_insn swap16(Register in) { return instruction(BPF_ALU | BPF_END | BPF_TO_BE, in, 0, 0, 16); }
constexpr bpf_insn swap32(Register in) { return instruction(BPF_ALU | BPF_END | BPF_TO_BE, in, 0, 0, 32); }

/// Of all 64 bits, so of a pointer.
constexpr bpf_insn compute64(unsigned operation, Register in, std::int64_t value) {
  return instruction(BPF_ALU64 | operation | BPF_K, in, 0, 0, value);
}
/// The 32 bits of the stack that are next to `frame`, at frame - 4.
constexpr bpf_insn load_word(Register into) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, into, frame, -4, 0);
}

/// On the lower 32 bits. `condition`: BPF_JEQ, BPF_JGT, BPF_JSET and so on, without signs; `over`: how many
/// instructions are passed by.
constexpr bpf_insn jump(unsigned condition, Register left, std::int64_t right, std::size_t over = 0) {
  return instruction(BPF_JMP32 | condition | BPF_K, left, 0, static_cast<int>(over), right);
}
constexpr bpf_insn jump(std::size_t over = 0) {
  return instruction(BPF_JMP | BPF_JA, 0, 0, static_cast<int>(over), 0);
}

constexpr bpf_insn call(std::int32_t helper) { return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
constexpr bpf_insn leave() { return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

/// A program with places to jump to, which are named before they are known. Jumps lead ahead alone, so that
/// every program ends.
class Assembler {
 public:
  /// A place. One that is never placed must not be jumped to.
  using Label = std::size_t;

  void add(std::initializer_list<bpf_insn> instructions) { program_.insert(program_.end(), instructions); }
  /// Ends the program with this answer.
  void give(std::int32_t value) { add({compute(BPF_MOV, answer, value), leave()}); }

  Label label() { return labels_++; }
  /// The next instruction is at the label.
  void place(Label label) {
    for (auto& [from, to] : jumps_)
      if (to == label) program_[from].off = static_cast<std::int16_t>(program_.size() - from - 1);
    std::erase_if(jumps_, [&](const auto& jump) { return jump.second == label; });
  }
  /// Whether somebody waits for it: the verifier refuses what nothing reaches.
  bool wanted(Label label) const {
    for (const auto& jump : jumps_)
      if (jump.second == label) return true;
    return false;
  }
  void go(Label to) { leap(jump(), to); }
  void go_if(unsigned condition, Register left, std::int64_t right, Label to) {
    leap(jump(condition, left, right), to);
  }

  std::vector<bpf_insn> take() && { return std::move(program_); }

 private:
  void leap(const bpf_insn& jump, Label to) {
    jumps_.emplace_back(program_.size(), to);
    program_.push_back(jump);
  }

  std::vector<bpf_insn> program_;
  std::vector<std::pair<std::size_t, Label>> jumps_;  // that still lead nowhere
  std::size_t labels_ = 0;
};

}  // namespace lodger::kernel::bpf
