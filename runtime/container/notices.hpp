// What the library has to say though nothing failed. It never prints or logs by itself.
#pragma once
#include <concepts>
#include <functional>
#include <string_view>
#include <utility>

namespace lodger::container {

class Notices {
 public:
  using Line = std::function<void(std::string_view)>;

  /// `warning` takes a line that the user should see.
  template <std::invocable<std::string_view> Warning>
  Notices(Warning warning) : warning_(std::move(warning)) {}
  /// `step` takes one of what was done just now, for somebody who looks for a fault; only while `traced` says
  /// that there is somebody.
  Notices(Line warning, Line step, std::function<bool()> traced)
      : warning_(std::move(warning)), step_(std::move(step)), traced_(std::move(traced)) {}

  void operator()(std::string_view warning) const { warning_(warning); }
  bool traced() const { return traced_ && traced_(); }
  void step(std::string_view line) const { step_(line); }

 private:
  Line warning_, step_;
  std::function<bool()> traced_;
};

}  // namespace lodger::container
