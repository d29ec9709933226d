// Files and folders, always relative to a descriptor. open(2), openat2(2), mkdirat(2), ...
#pragma once
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// Where relative names start when no folder is given: the current working directory.
inline constexpr int cwd = AT_FDCWD;

/// openat(2); O_CLOEXEC is always added. `folder` may be `cwd`.
template <class Kind = File>
inline Result<Fd<Kind>> openat(int folder, const char* name, int flags, unsigned mode = 0) {
  return opened<Kind>("openat", __NR_openat, folder, name, flags | O_CLOEXEC, mode);
}

/// openat2(2): the kernel resolves `name` inside `root` as if it were the root folder, symlinks and ".."
/// included, and never follows a magic link, so nothing in the tree can lead out of it.
template <class Kind = Path>
inline Result<Fd<Kind>> open_in_root(int root, const char* name, int flags, unsigned mode = 0) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (;;) {  // EAGAIN: a rename or mount elsewhere raced with the walk; openat2(2) says to try again
    auto fd = opened<Kind>("openat2", __NR_openat2, root, name, &how, sizeof how);
    if (fd || fd.error().code != EAGAIN) return fd;
  }
}

/// openat2(2) with RESOLVE_BENEATH and no symlink at all: for names that must be plain.
template <class Kind = Path>
inline Result<Fd<Kind>> open_plain_below(int folder, const char* name, int flags, unsigned mode = 0) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return opened<Kind>("openat2", __NR_openat2, folder, name, &how, sizeof how);
}

/// The same for a path that may be absolute or hold "..", but no symlink anywhere.
template <class Kind = Path>
inline Result<Fd<Kind>> open_plain(int folder, const char* name, int flags, unsigned mode = 0) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return opened<Kind>("openat2", __NR_openat2, folder, name, &how, sizeof how);
}

inline Result<> mkdirat(int folder, const char* name, unsigned mode) {
  return done("mkdirat", __NR_mkdirat, folder, name, mode);
}
inline Result<> mknodat(int folder, const char* name, unsigned mode, unsigned long device) {
  return done("mknodat", __NR_mknodat, folder, name, mode, device);
}
inline Result<> symlinkat(const char* target, int folder, const char* name) {
  return done("symlinkat", __NR_symlinkat, target, folder, name);
}
/// unlinkat(2); flags: AT_REMOVEDIR for a folder.
inline Result<> unlinkat(int folder, const char* name, int flags = 0) {
  return done("unlinkat", __NR_unlinkat, folder, name, flags);
}
inline Result<> renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return done("renameat2", __NR_renameat2, from_folder, from, to_folder, to, 0);
}
inline Result<> fchmod(int fd, unsigned mode) { return done("fchmod", __NR_fchmod, fd, mode); }
inline Result<> fchmodat(int folder, const char* name, unsigned mode) {
  return done("fchmodat", __NR_fchmodat, folder, name, mode);
}
inline Result<> fchownat(int folder, const char* name, unsigned uid, unsigned gid, int flags) {
  return done("fchownat", __NR_fchownat, folder, name, uid, gid, flags);
}
/// readlinkat(2): the number of bytes, without a NUL.
inline Result<std::size_t> readlinkat(int folder, const char* name, std::span<char> into) {
  return static_cast<std::size_t>(
      TRY(call("readlinkat", __NR_readlinkat, folder, name, into.data(), into.size())));
}
/// faccessat(2) with the real ids.
inline Result<> faccessat(int folder, const char* name, int mode) {
  return done("faccessat", __NR_faccessat, folder, name, mode);
}
/// faccessat2(2), since Linux 5.8; AT_EACCESS: with the effective ids and capabilities.
inline Result<> faccessat2(int folder, const char* name, int mode, int flags) {
  return done("faccessat2", __NR_faccessat2, folder, name, mode, flags);
}
/// getcwd(2) as the kernel gives it: "(unreachable)..." when the folder is outside our root.
inline Result<std::size_t> getcwd(std::span<char> into) {
  return static_cast<std::size_t>(TRY(call("getcwd", __NR_getcwd, into.data(), into.size())));
}
/// lseek(2) to the beginning.
inline Result<> rewind(int fd) { return done("lseek", __NR_lseek, fd, 0, 0); }
inline Result<> fchdir(int fd) { return done("fchdir", __NR_fchdir, fd); }
inline Result<> chdir(const char* name) { return done("chdir", __NR_chdir, name); }
inline Result<> ftruncate(int fd, long size) { return done("ftruncate", __NR_ftruncate, fd, size); }

/// fstatat(2). With an empty name (AT_EMPTY_PATH) it describes `folder` itself.
inline Result<struct stat> status(int folder, const char* name = "", int flags = AT_EMPTY_PATH) {
  struct stat out;
  TRY(done("newfstatat", __NR_newfstatat, folder, name, &out, flags));
  return out;
}

/// One read(2), restarted when interrupted: the number of bytes, 0 at the end.
inline Result<std::size_t> read(int fd, std::span<char> into) {
  return static_cast<std::size_t>(TRY(restarted("read", __NR_read, fd, into.data(), into.size())));
}
/// One write(2): how much of it was taken.
inline Result<std::size_t> write_some(int fd, std::span<const char> from) {
  return static_cast<std::size_t>(TRY(restarted("write", __NR_write, fd, from.data(), from.size())));
}
/// Writes all of it, or fails.
inline Result<> write_all(int fd, std::span<const char> from) {
  while (!from.empty()) {
    from = from.subspan(TRY(write_some(fd, from)));
  }
  return {};
}
/// One write(2) with the whole text: what files of procfs, sysfs and cgroupfs expect.
inline Result<> write_once(int fd, std::span<const char> text) {
  TRY(restarted("write", __NR_write, fd, text.data(), text.size()));
  return {};
}

/// fcntl(2) F_SETFL: whether reading and writing wait, for all that have this open file.
inline Result<> block(int fd, bool blocks) {
  const long flags = TRY(call("fcntl", __NR_fcntl, fd, F_GETFL));
  return done("fcntl", __NR_fcntl, fd, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}
/// fcntl(2) F_DUPFD_CLOEXEC: a copy numbered `at_least` or above.
template <class Kind>
inline Result<Fd<Kind>> duplicate(const Fd<Kind>& fd, int at_least = 3) {
  return opened<Kind>("fcntl", __NR_fcntl, fd.get(), F_DUPFD_CLOEXEC, at_least);
}
/// dup3(2) onto a fixed number that survives exec: for descriptors that the next program is to have.
inline Result<> place(int fd, int number) { return done("dup3", __NR_dup3, fd, number, 0); }

/// close_range(2): all from `first` to `last`.
inline Result<> close_all(unsigned first, unsigned last) {
  if (first > last) return {};
  return done("close_range", __NR_close_range, first, last, 0);
}
/// close_range(2) with CLOSE_RANGE_CLOEXEC: everything from `first` on goes at the next exec.
inline Result<> close_on_exec_from(unsigned first) {
  return done("close_range", __NR_close_range, first, ~0U, 1U << 2);
}

/// close_range(2): closes everything from `first` on.
inline Result<> close_from(unsigned first) { return done("close_range", __NR_close_range, first, ~0U, 0); }

/// pipe2(2), both ends blocking.
struct Pipe {
  Fd<File> reader, writer;
};
inline Result<Pipe> pipe() {
  int fds[2];
  TRY(done("pipe2", __NR_pipe2, fds, O_CLOEXEC));
  return Pipe{Fd<File>(fds[0]), Fd<File>(fds[1])};
}

/// Makes or replaces a file of the caller's own, 0600; who looks meanwhile may see a part of it.
inline Result<> write_file(int folder, const char* name, std::span<const char> text) {
  const auto file = TRY(openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  return write_all(file.get(), text);
}
/// The same, seen whole or not at all: rename(2). Until then it is NAME.new.
inline Result<> replace_file(int folder, const std::string& name, std::span<const char> text) {
  const auto fresh = name + ".new";
  TRY(write_file(folder, fresh.c_str(), text));
  return renameat(folder, fresh.c_str(), folder, name.c_str());
}

/// flock(2): LOCK_EX, LOCK_SH, LOCK_NB, LOCK_UN of <sys/file.h>.
inline Result<> flock(int fd, int operation) {
  TRY(restarted("flock", __NR_flock, fd, operation));
  return {};
}

}  // namespace lodger::kernel
