// A classic BPF machine for seccomp programs, independent of the generator: what would the kernel answer?
// Source: Documentation/networking/filter.rst; kernel/seccomp.c, seccomp_check_filter (what is allowed at
// all).
#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

namespace lodger::test {

/// SECCOMP_RET_* with data. Throws where the kernel would refuse the program. `steps` counts instructions.
inline std::uint32_t run(std::span<const sock_filter> program, const seccomp_data& data,
                         unsigned* steps = nullptr) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size();) {
    const auto& in = program[at++];
    if (steps) ++*steps;
    const auto jump = [&](bool taken) { at += taken ? in.jt : in.jf; };
    switch (in.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (in.k % 4 || in.k + 4 > sizeof data) throw std::runtime_error("load outside of seccomp_data");
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + in.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= in.k; break;
      case BPF_JMP | BPF_JA: at += in.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(a == in.k); break;
      case BPF_JMP | BPF_JGT | BPF_K: jump(a > in.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(a >= in.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump(a & in.k); break;
      case BPF_RET | BPF_K: return in.k;
      default: throw std::runtime_error("instruction that the kernel does not take");
    }
  }
  throw std::runtime_error("ran off the program's end");
}

}  // namespace lodger::test
