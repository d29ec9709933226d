#include "kernel/failure.hpp"

#include <fmt/core.h>

#include <cstring>

namespace lodger {
namespace {

struct Since {
  std::string_view call, version;
};
/// The calls above lodger's need of any old kernel, and the first version that has them: the manual pages.
constexpr Since since[] = {{"open_tree", "5.2"},   {"move_mount", "5.2"},    {"fsopen", "5.2"},
                           {"fsconfig", "5.2"},    {"fsmount", "5.2"},       {"fspick", "5.2"},
                           {"clone3", "5.3"},      {"pidfd_open", "5.3"},    {"pidfd_send_signal", "5.1"},
                           {"openat2", "5.6"},     {"pidfd_getfd", "5.6"},   {"faccessat2", "5.8"},
                           {"close_range", "5.9"}, {"epoll_pwait2", "5.11"}, {"mount_setattr", "5.12"}};

/// A missing call is an old kernel, or a sandbox around lodger that does not know it.
std::string missing(std::string_view call) {
  for (const auto& [name, version] : since)
    if (name == call)
      return fmt::format(" (it needs Linux {}, and a seccomp filter around lodger that lets it pass)",
                         version);
  return "";
}

}  // namespace

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
    case ENOSYS:
      return {fmt::format("{}: {}: {}{}", doing, error.call, error_text(ENOSYS), missing(error.call)),
              ENOSYS};
    default: return {fmt::format("{}: {}: {}", doing, error.call, error_text(error.code)), error.code};
  }
}

}  // namespace lodger
