#include "runtime/container/users.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "spec/text.hpp"

namespace lodger::container {

Users::Users() {
  const auto file = kernel::openat(kernel::cwd, "/etc/passwd", O_RDONLY);
  char part[4096];
  while (file) {
    const auto size = kernel::read(file->get(), part);
    if (!size || *size == 0) break;
    text_.append(part, *size);
  }
}

/// A line is "name:password:uid:...".
std::string Users::name(uid_t uid) const {
  for (std::string_view rest = text_; !rest.empty();) {
    auto line = spec::cut(rest, '\n');
    const auto name = spec::cut(line, ':');
    spec::cut(line, ':');
    if (spec::whole_number<uid_t>(spec::cut(line, ':')) == uid) return std::string(name);
  }
  return fmt::format("#{}", uid);
}

}  // namespace lodger::container
