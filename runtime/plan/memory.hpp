// The memory that a plan lies in: a shared memory file at init's address, filled from its start. mmap(2).
#pragma once
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernel/memory.hpp"
#include "runtime/init/plan.hpp"

namespace lodger::plan {

/// Owns file and mapping. There can be one at a time in a process, since its address is fixed.
/// The makers throw std::bad_alloc when the plan does not fit; build() turns that into a failure.
class Memory {
 public:
  static kernel::Result<Memory> make();
  Memory(Memory&& other) noexcept : file_(std::move(other.file_)), used_(std::exchange(other.used_, 0)) {}
  Memory& operator=(Memory&&) = delete;
  ~Memory();

  int fd() const { return file_.get(); }

  /// `count` objects; those of plain types are zero because the memory still is, and untouched pages cost
  /// none.
  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    auto* first = static_cast<T*>(take(sizeof(T) * count, alignof(T)));
    if constexpr (!std::is_trivially_default_constructible_v<T>)
      std::uninitialized_default_construct_n(first, count);
    return {first, count};
  }
  template <class T>
  T& one() {
    return array<T>(1).front();
  }
  template <class T>
  std::span<const T> copy(const std::vector<T>& from) {
    const auto to = array<T>(from.size());
    std::copy(from.begin(), from.end(), to.begin());
    return to;
  }
  std::span<const char> bytes(std::string_view text);
  init::Name text(std::string_view text) { return bytes(text).data(); }
  /// argv or envp: as many names, `spare` free places, and the nullptr at the end.
  init::Name* names(const std::vector<std::string>& texts, std::size_t spare = 0);

 private:
  explicit Memory(kernel::Fd<kernel::Memory> file) : file_(std::move(file)) {}
  void* take(std::size_t size, std::size_t alignment);

  kernel::Fd<kernel::Memory> file_;
  std::size_t used_ = 0;
};

}  // namespace lodger::plan
