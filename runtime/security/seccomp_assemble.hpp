// Puts a classic BPF program together from its end: every jump leads to what is there already, so that its
// distance is known at once. Source: <linux/filter.h>, Documentation/networking/filter.rst.
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace lodger::security {

/// An instruction that others can jump to: its distance from the program's end.
struct Label {
  std::uint32_t index;
  friend bool operator==(Label, Label) = default;
};

class Assembler {
 public:
  /// `return value`; one instruction serves all jumps that can reach it.
  Label ret(std::uint32_t value);
  /// Loads 32 bits of seccomp_data at `offset`, then goes on at `next`.
  Label load(std::uint32_t offset, Label next);
  /// A &= k, then `next`.
  Label mask(std::uint32_t k, Label next);
  /// One of BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET: compares A with k.
  Label branch(std::uint16_t comparison, std::uint32_t k, Label if_true, Label if_false);

  std::size_t size() const { return reversed_.size(); }
  /// The program, first instruction first; `entry` must be the last label made.
  std::vector<sock_filter> finish() &&;

 private:
  struct Return {
    std::uint32_t value;
    Label label;
  };
  Label emit(std::uint16_t code, std::uint32_t k, std::uint8_t jt = 0, std::uint8_t jf = 0);
  // A label for the same place that the next few instructions can reach in 8 bits.
  Label near(Label label);
  // Makes `next` the last instruction emitted: what the next one falls into.
  void follow(Label next);
  std::uint8_t distance(Label label) const;

  std::vector<sock_filter> reversed_;
  std::vector<Return> returns_;
};

}  // namespace lodger::security
