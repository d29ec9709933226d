#include "runtime/shim/abandonment.hpp"

namespace lodger::shim {

void Abandonment::look() {
  constexpr auto pause = std::chrono::seconds(1);  // who has just been told where we are comes within that
  const auto timer = loop_.after(pause, [this] {
    timer_ = 0;
    if (!idle_()) return;
    if (!bundle_.is_there()) return end_();
    look();
  });
  loop_.cancel(std::exchange(timer_, timer));
}

}  // namespace lodger::shim
