// The kernel's BPF machine, as far as lodger's programs may use it; anything else fails the test.
#pragma once
#include <catch2/catch.hpp>
#include <endian.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

namespace lodger::test {

/// A machine's state while one program runs on `context`.
class BpfMachine {
 public:
  BpfMachine(const std::vector<bpf_insn>& program, void* context, const std::vector<char>& packet = {})
      : program_(program), context_(context), packet_(packet) {}

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
  static constexpr std::uint64_t context_address = 0x1000, frame_address = 0x2000;

  void step(const bpf_insn& one) {
    switch (BPF_CLASS(one.code)) {
      case BPF_LDX:
      case BPF_STX: return move(one);
      case BPF_ALU: return compute(one);
      case BPF_JMP:
      case BPF_JMP32: return BPF_OP(one.code) == BPF_CALL ? load_packet(one) : jump(one);
      default: break;
    }
    if (one.code == (BPF_ALU64 | BPF_ADD | BPF_K)) {
      registers_[one.dst_reg] += static_cast<std::uint64_t>(one.imm);
      return;
    }
    REQUIRE(one.code == (BPF_ALU64 | BPF_MOV | BPF_X));
    registers_[one.dst_reg] = registers_[one.src_reg];
  }

  /// The one helper that is called: of 32 bits, onto the stack. Registers that a call may change are lost.
  void load_packet(const bpf_insn& one) {
    REQUIRE(one.imm == BPF_FUNC_skb_load_bytes);
    REQUIRE(registers_[1] == context_address);
    REQUIRE(registers_[3] == frame_address - sizeof word_);
    REQUIRE(registers_[4] == sizeof word_);
    const auto offset = registers_[2];
    const bool there = offset + sizeof word_ <= packet_.size();
    if (there) std::memcpy(&word_, packet_.data() + offset, sizeof word_);
    for (std::size_t i = 1; i <= 5; ++i) registers_[i] = 0xdeadbeef;
    registers_[0] = there ? 0 : static_cast<std::uint64_t>(-EFAULT);
  }

  void move(const bpf_insn& one) {
    REQUIRE((BPF_MODE(one.code) == BPF_MEM && BPF_SIZE(one.code) == BPF_W));
    const bool loads = BPF_CLASS(one.code) == BPF_LDX;
    const auto base = registers_[loads ? one.src_reg : one.dst_reg];
    const bool of_stack = loads && base == frame_address && one.off == -4;
    if (!of_stack) REQUIRE(base == context_address);
    std::uint32_t value = static_cast<std::uint32_t>(registers_[one.src_reg]);
    auto* field = of_stack ? reinterpret_cast<char*>(&word_) : static_cast<char*>(context_) + one.off;
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
        REQUIRE((one.imm == 16 || one.imm == 32));
        result = one.imm == 16 ? htobe16(static_cast<std::uint16_t>(result)) : htobe32(result);
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
  std::vector<char> packet_;
  std::uint64_t registers_[11] = {0, context_address, 0, 0, 0, 0, 0, 0, 0, 0, frame_address};
  std::uint32_t word_ = 0;
  std::size_t at_ = 0;
};

/// What the program answers; `context` is the kernel's struct for its hook, which it may write to; `packet`
/// from its network header on.
template <class Context>
std::uint64_t run_program(const std::vector<bpf_insn>& program, Context& context,
                          const std::vector<char>& packet = {}) {
  return BpfMachine(program, &context, packet).run();
}

}  // namespace lodger::test
