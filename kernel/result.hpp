// Results of everything that can fail: a value, or an error that copies freely and never allocates, so that
// the container's side of the fork can use the same code as the parent.
#pragma once
#include <cerrno>
#include <expected>
#include <type_traits>
#include <utility>

namespace lodger::kernel {

/// What failed: the system call's name (a literal) and the errno it gave.
struct Error {
  const char* call;
  int code;
  friend constexpr bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

template <class T = void>
using Result = std::expected<T, Error>;

/// An error result for `call`, which must be a literal (or live as long as the program).
inline std::unexpected<Error> fail(const char* call, int code) { return std::unexpected(Error{call, code}); }

/// The value of a result that has one, moved out. By value, since clang copies what a statement expression
/// ends in unless that is a value already.
template <class T, class E>
constexpr T taken(std::expected<T, E>&& result) {
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace lodger::kernel

// Evaluates to the value of a std::expected, or returns its error from the enclosing function.
// A GNU statement expression (-Wno-pedantic is not needed: __extension__ says that it is meant).
#define TRY(expr)                                             \
  (__extension__({                                            \
    auto try_result_ = (expr);                                \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
    ::lodger::kernel::taken(std::move(try_result_));          \
  }))
