// The row of descriptors that a plan names by Slot, on its way to init.
#pragma once
#include <utility>
#include <vector>

#include "kernel/socket.hpp"
#include "runtime/init/plan.hpp"

namespace lodger::plan {

class Row {
 public:
  /// Takes the descriptor; it is closed here once the row is gone, sent or not.
  template <class Kind>
  init::Slot add(kernel::Fd<Kind> fd) {
    owned_.push_back(std::move(fd).template as<kernel::File>());
    numbers_.push_back(owned_.back().get());
    return static_cast<init::Slot>(numbers_.size() - 1);
  }
  std::span<const int> numbers() const { return numbers_; }

 private:
  std::vector<kernel::Fd<kernel::File>> owned_;
  std::vector<int> numbers_;
};

}  // namespace lodger::plan
