// Tables of a fixed size, for static storage: all zero, and so no page of memory, until they are used.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

namespace lodger::netmode::proxy {

/// No entry: tables count from 1.
inline constexpr std::uint32_t none = 0;

/// Entries that come and go, known by their number. The destructor is not called for entries that are left:
/// the process ends with the table.
template <class Thing, std::uint32_t most>
class Slab {
 public:
  /// A new entry's number; `none` where the table is full.
  template <class... Args>
  std::uint32_t add(Args&&... args) {
    std::uint32_t at = free_;
    if (at != none) {
      free_ = slots_[at].next_free;
    } else {
      if (touched_ == most) return none;
      at = ++touched_;
    }
    std::construct_at(&slots_[at].thing, std::forward<Args>(args)...);
    slots_[at].live = true;
    ++count_;
    return at;
  }
  void remove(std::uint32_t at) {
    std::destroy_at(&slots_[at].thing);
    slots_[at].next_free = free_;
    slots_[at].live = false;
    free_ = at;
    --count_;
  }
  Thing& operator[](std::uint32_t at) { return slots_[at].thing; }
  const Thing& operator[](std::uint32_t at) const { return slots_[at].thing; }
  bool has(std::uint32_t at) const { return at != none && at <= touched_ && slots_[at].live; }
  std::uint32_t count() const { return count_; }
  /// Calls `use` with the number of each entry; it may remove that one.
  template <class Use>
  void each(Use use) {
    for (std::uint32_t at = 1; at <= touched_; ++at)
      if (slots_[at].live) use(at);
  }

 private:
  struct Slot {
    Slot() {}   // NOLINT(modernize-use-equals-default): with such a union there is no default
    ~Slot() {}  // NOLINT(modernize-use-equals-default)
    union {
      Thing thing;
      std::uint32_t next_free;
    };
    bool live;  // zero, as all of the table is
  };
  Slot slots_[most + 1];
  std::uint32_t free_ = none, touched_ = 0, count_ = 0;
};

}  // namespace lodger::netmode::proxy
