// What the user is told. Errors of the kernel get their words here, once, at a room's boundary.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "kernel/result.hpp"

namespace lodger {

/// "what was being done to what: why it failed (what helps)", and the errno behind it (0: none).
struct Failure {
  std::string text;
  int code = 0;
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

/// A failure in plain words.
inline std::unexpected<Failure> refuse(std::string text, int code = 0) {
  return std::unexpected(Failure{std::move(text), code});
}

/// The words of strerror(3) for an errno, without locale.
std::string_view error_text(int code);

/// "<doing>: <call>: <error text>"; the call's name is left out where `doing` already says it all
/// (ENOENT, EEXIST, EACCES and the like on a named file).
Failure explain(std::string_view doing, kernel::Error error);

/// An Outcome from a kernel Result, with the words of explain().
template <class T>
inline Outcome<T> explained(kernel::Result<T> result, std::string_view doing) {
  if (!result) return std::unexpected(explain(doing, result.error()));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

}  // namespace lodger
