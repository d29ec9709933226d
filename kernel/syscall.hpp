// The one door to the kernel. Every system call that lodger makes on purpose passes raw(), in the parent as
// in the container's init, which is linked without a C library: hence the instruction itself and no errno.
// Convention: syscall(2), "Architecture calling conventions".
#pragma once
#include <asm/unistd.h>

#include <cstdint>

#include "kernel/result.hpp"

namespace lodger::kernel {

#ifdef LODGER_FAULTS
/// Test builds only: returns 0 to let the call pass, or the errno it has to fail with.
int fault(long number) noexcept;
#endif

/// The kernel's answer, unchanged: a value, or -errno.
inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                long f = 0) noexcept {
#ifdef LODGER_FAULTS
  if (const int code = fault(number)) return -code;
#endif
#if defined(__x86_64__)
  long answer;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(answer)
               : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return answer;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
  return x0;
#else
#error "lodger knows the system call instruction of x86_64 and aarch64 only"
#endif
}

/// A system call argument as the register that carries it.
template <class T>
inline long word(T value) noexcept {
  if constexpr (requires { static_cast<long>(value); })
    return static_cast<long>(value);
  else
    return reinterpret_cast<long>(value);
}
inline long word(std::nullptr_t) noexcept { return 0; }

/// Calls `number` and turns -errno into an Error named `name`. EINTR is the caller's business.
template <class... Args>
inline Result<long> call(const char* name, long number, Args... args) noexcept {
  const long answer = raw(number, word(args)...);
  if (answer < 0 && answer > -4096) [[unlikely]]
    return fail(name, static_cast<int>(-answer));
  return answer;
}

/// The same, for calls whose value says nothing.
template <class... Args>
inline Result<> done(const char* name, long number, Args... args) noexcept {
  TRY(call(name, number, args...));
  return {};
}

/// The same, called again for as long as a signal interrupts it.
template <class... Args>
inline Result<long> restarted(const char* name, long number, Args... args) noexcept {
  for (;;) {
    auto answer = call(name, number, args...);
    if (answer || answer.error().code != EINTR) return answer;
  }
}

}  // namespace lodger::kernel
