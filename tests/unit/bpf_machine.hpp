// The kernel's BPF machine, as far as lodger's programs may use it; anything else fails the test.
#pragma once
#include <catch2/catch.hpp>
#include <endian.h>
#include <linux/bpf.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace lodger::test {

/// A machine's state while one program runs on `context`.
class BpfMachine {
 public:
  BpfMachine(const std::vector<bpf_insn>& program, void* context) : program_(program), context_(context) {}

  std::uint64_t run() {
    for (at_ = 0; at_ < program_.size(); ++at_) {
      const auto& one = program_[at_];
      if (one.code == (BPF_JMP | BPF_EXIT)) return registers_[0];
      step(one);
    }
    FAIL("ran off the end");
    return 0;
  }

 private:
  static constexpr std::uint64_t context_address = 0x1000;

  void step(const bpf_insn& one) {
    switch (BPF_CLASS(one.code)) {
      case BPF_LDX:
      case BPF_STX: return move(one);
      case BPF_ALU: return compute(one);
      case BPF_JMP:
      case BPF_JMP32: return jump(one);
      default: break;
    }
    REQUIRE(one.code == (BPF_ALU64 | BPF_MOV | BPF_X));
    registers_[one.dst_reg] = registers_[one.src_reg];
  }

  void move(const bpf_insn& one) {
    REQUIRE((BPF_MODE(one.code) == BPF_MEM && BPF_SIZE(one.code) == BPF_W));
    const bool loads = BPF_CLASS(one.code) == BPF_LDX;
    REQUIRE(registers_[loads ? one.src_reg : one.dst_reg] == context_address);
    std::uint32_t value = static_cast<std::uint32_t>(registers_[one.src_reg]);
    auto* field = static_cast<char*>(context_) + one.off;
    if (!loads) return void(std::memcpy(field, &value, sizeof value));
    std::memcpy(&value, field, sizeof value);
    registers_[one.dst_reg] = value;
  }

  void compute(const bpf_insn& one) {
    const auto value = static_cast<std::uint32_t>(one.imm);
    auto result = static_cast<std::uint32_t>(registers_[one.dst_reg]);
    switch (one.code & ~unsigned{BPF_ALU}) {
      case BPF_ADD: result += value; break;
      case BPF_AND: result &= value; break;
      case BPF_RSH: result >>= value; break;
      case BPF_MOV: result = value; break;
      case BPF_END | BPF_TO_BE:
        REQUIRE(one.imm == 16);
        result = htobe16(static_cast<std::uint16_t>(result));
        break;
      default: FAIL("instruction " << at_ << " has code " << int{one.code});
    }
    registers_[one.dst_reg] = result;
  }

  bool holds(const bpf_insn& one) const {
    const auto left = static_cast<std::uint32_t>(registers_[one.dst_reg]);
    const auto right = static_cast<std::uint32_t>(one.imm);
    switch (BPF_OP(one.code)) {
      case BPF_JEQ: return left == right;
      case BPF_JNE: return left != right;
      case BPF_JSET: return (left & right) != 0;
      case BPF_JGT: return left > right;
      case BPF_JGE: return left >= right;
      case BPF_JLT: return left < right;
      case BPF_JLE: return left <= right;
      default: FAIL("instruction " << at_ << " has code " << int{one.code});
    }
    return false;
  }

  void jump(const bpf_insn& one) {
    const bool always = one.code == (BPF_JMP | BPF_JA);
    if (!always) REQUIRE((BPF_CLASS(one.code) == BPF_JMP32 && BPF_SRC(one.code) == BPF_K));
    REQUIRE(one.off >= 0);
    if (always || holds(one)) at_ += static_cast<std::size_t>(one.off);
  }

  const std::vector<bpf_insn>& program_;
  void* context_;
  std::uint64_t registers_[11] = {0, context_address};
  std::size_t at_ = 0;
};

/// What the program answers; `context` is the kernel's struct for its hook, which it may write to.
template <class Context>
std::uint64_t run_program(const std::vector<bpf_insn>& program, Context& context) {
  return BpfMachine(program, &context).run();
}

}  // namespace lodger::test
