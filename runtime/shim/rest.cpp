#include "runtime/shim/rest.hpp"

#include <malloc.h>
#include <sys/mman.h>

// Of the linker: where the program lies. ld(1), end(3).
extern "C" {
extern char __executable_start;
extern char etext;
}

namespace lodger::shim {
namespace {

constexpr auto quiet = std::chrono::seconds(1);
constexpr std::uintptr_t page = 4096;

/// The mapping is private and never written to, so that nothing is lost: madvise(2), MADV_DONTNEED.
void give_back() {
  ::malloc_trim(0);
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start) & ~(page - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(&etext) + page - 1) & ~(page - 1);
  (void)kernel::done("madvise", __NR_madvise, begin, end - begin, MADV_DONTNEED);
}

}  // namespace

void Rest::disturb() {
  if (timer_) loop_.cancel(std::exchange(timer_, 0));
}

void Rest::begin() {
  disturb();
  timer_ = loop_.after(quiet, [this] {
    timer_ = 0;
    give_back();
  });
}

}  // namespace lodger::shim
