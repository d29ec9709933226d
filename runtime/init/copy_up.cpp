#include "runtime/init/copy_up.hpp"

#include "kernel/folder.hpp"

namespace lodger::init {
namespace {

using kernel::Result;

constexpr int deepest = 256;  // a level costs 17 KiB of stack, of 8 MiB

Result<> copy_content(int from, int to, const char* name, const struct stat& what) {
  const auto source = TRY(kernel::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  const auto target =
      TRY(kernel::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, what.st_mode & 07777));
  for (;;) {
    const auto sent =
        TRY(kernel::restarted("sendfile", __NR_sendfile, target.get(), source.get(), nullptr, 1L << 20));
    if (sent == 0) return {};
  }
}

Result<> copy_link(int from, int to, const char* name) {
  char target[4096];
  const auto size = TRY(kernel::readlinkat(from, name, target));
  if (size == sizeof target) return kernel::fail("readlinkat", ENAMETOOLONG);
  target[size] = 0;
  return kernel::symlinkat(target, to, name);
}

Result<> copy_folder(int from, int to, int depth);

Result<> copy_entry(int from, int to, const char* name, int depth) {
  const auto what = TRY(kernel::status(from, name, AT_SYMLINK_NOFOLLOW));
  if (S_ISDIR(what.st_mode)) {
    TRY(kernel::mkdirat(to, name, what.st_mode & 07777));
    const auto source = TRY(kernel::openat<kernel::Path>(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    const auto target = TRY(kernel::openat<kernel::Path>(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY(copy_folder(source.get(), target.get(), depth + 1));
  } else if (S_ISREG(what.st_mode)) {
    TRY(copy_content(from, to, name, what));
  } else if (S_ISLNK(what.st_mode)) {
    TRY(copy_link(from, to, name));
  } else {
    TRY(kernel::mknodat(to, name, what.st_mode, what.st_rdev));
  }
  TRY(kernel::fchownat(to, name, what.st_uid, what.st_gid, AT_SYMLINK_NOFOLLOW));
  if (S_ISLNK(what.st_mode)) return {};
  return kernel::done("fchmodat", __NR_fchmodat, to, name, what.st_mode & 07777);  // chown takes setuid away
}

Result<> copy_folder(int from, int to, int depth) {
  if (depth == deepest) return kernel::fail("tmpcopyup", ELOOP);
  const auto folder = TRY(kernel::openat(from, ".", O_RDONLY | O_DIRECTORY));
  Result<> copied;
  TRY(kernel::each_name(folder.get(), [&](std::string_view name) {
    if (copied) copied = copy_entry(from, to, name.data(), depth);  // the view ends in a zero byte
  }));
  return copied;
}

}  // namespace

kernel::Result<> copy_up(int from, int to) { return copy_folder(from, to, 0); }

}  // namespace lodger::init
