// A pid as decimal digits: it is known in the container only, where there is no library to write it.
#pragma once
#include <sys/types.h>

#include <span>

namespace lodger::init {

/// The end of `buffer` that the digits fill; no NUL behind them.
inline std::span<const char> digits_of(pid_t pid, std::span<char, 12> buffer) {
  std::size_t at = buffer.size();
  do buffer[--at] = static_cast<char>('0' + pid % 10);
  while (pid /= 10);
  return buffer.subspan(at);
}

}  // namespace lodger::init
