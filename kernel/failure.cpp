#include "kernel/failure.hpp"

#include <fmt/core.h>

#include <cstring>

namespace lodger {

std::string_view error_text(int code) {
  const char* text = ::strerrordesc_np(code);  // glibc 2.32: untranslated, no buffer
  return text ? text : "unknown error";
}

Failure explain(std::string_view doing, kernel::Error error) {
  switch (error.code) {
    case ENOENT:
    case EEXIST:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case ELOOP: return {fmt::format("{}: {}", doing, error_text(error.code)), error.code};
    default: return {fmt::format("{}: {}: {}", doing, error.call, error_text(error.code)), error.code};
  }
}

}  // namespace lodger
