#include "runtime/shim/rest.hpp"

#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>

// The end of the program's text, of the linker: end(3).
extern "C" char etext;

namespace lodger::shim {
namespace {

constexpr auto quiet = std::chrono::seconds(1);

/// The mapping is private and never written to, so that nothing is lost: madvise(2), MADV_DONTNEED.
void give_back() {
  ::malloc_trim(0);
  const auto page = static_cast<std::uintptr_t>(::getauxval(AT_PAGESZ));
  // the program headers lie on its first page: getauxval(3)
  const auto begin = static_cast<std::uintptr_t>(::getauxval(AT_PHDR)) & ~(page - 1);
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
