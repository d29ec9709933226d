// What a program without a C library has to bring itself: the entry point, and the four functions that the
// compiler calls by its own choice (GCC manual, "Standards": freestanding environments).
#include <cstddef>

// Or else g++ recognises the loops below as what they implement, and makes them call themselves.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  while (size--) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  if (t < f) {
    while (size--) *t++ = *f++;
    return to;
  }
  while (size--) t[size] = f[size];
  return to;
}

void* memset(void* to, int value, std::size_t size) {
  auto* t = static_cast<char*>(to);
  while (size--) *t++ = static_cast<char>(value);
  return to;
}

int memcmp(const void* a, const void* b, std::size_t size) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (; size--; ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}

std::size_t strlen(const char* text) {
  std::size_t n = 0;
  while (text[n]) ++n;
  return n;
}

}  // extern "C"

// The kernel enters with argc, argv and envp on the stack: System V ABI, "Process Initialization".
#if defined(__x86_64__)
asm(".globl _start\n"
    "_start:\n\t"
    "xorl %ebp, %ebp\n\t"
    "movq %rsp, %rdi\n\t"
    "andq $-16, %rsp\n\t"
    "callq init_main\n\t"
    "ud2\n");
#elif defined(__aarch64__)
asm(".globl _start\n"
    "_start:\n\t"
    "mov x29, xzr\n\t"
    "mov x0, sp\n\t"
    "bl init_main\n\t"
    "brk 0\n");
#endif
