#include "runtime/shim/bundle.hpp"

#include <limits.h>

#include "kernel/file.hpp"

namespace lodger::shim {

Outcome<Bundle> Bundle::here() {
  constexpr std::string_view doing = "looking at the bundle";
  char name[PATH_MAX];
  TRY(explained(kernel::getcwd(name), doing));
  const auto folder = TRY(explained(kernel::status(kernel::cwd, "."), doing));
  return Bundle(name, folder.st_dev, folder.st_ino);
}

bool Bundle::is_there() const {
  const auto found = kernel::status(kernel::cwd, path_.c_str(), AT_SYMLINK_NOFOLLOW);
  if (!found) return found.error().code != ENOENT;
  return found->st_dev == device_ && found->st_ino == inode_;
}

}  // namespace lodger::shim
