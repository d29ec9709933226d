// Several failures in place of the first.
#pragma once
#include <vector>

#include "kernel/failure.hpp"

namespace lodger {

/// What becomes of a failure: as a rule it ends what is being done. Who wants to be told of all (`lodger
/// check`) gets it noted, and the next thing is looked at; what comes of a deed with something noted is not
/// to be used.
class Failures {
 public:
  Failures() = default;
  explicit Failures(std::vector<Failure>& all) : all_(&all) {}
  template <class T>
  Outcome<> noted(Outcome<T> outcome) const {
    if (outcome) return {};
    if (!all_) return std::unexpected(std::move(outcome.error()));
    all_->push_back(std::move(outcome.error()));
    return {};
  }

 private:
  std::vector<Failure>* all_ = nullptr;
};

}  // namespace lodger
