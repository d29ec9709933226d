#include "runtime/policy/load.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "kernel/file.hpp"
#include "kernel/procfs.hpp"
#include "spec/text.hpp"

namespace lodger::policy {
namespace {

constexpr std::size_t most = 1U << 20;

/// Everything that stands in the way says which file, and that it is not passed over.
std::string doing(const std::string& path) { return fmt::format("policy {}", path); }

template <class T>
Outcome<T> opened(kernel::Result<T> result, const std::string& path) {
  if (result || result.error().code != EACCES) return explained(std::move(result), doing(path));
  return refuse(
      fmt::format("{}: Permission denied: what it says has to be known before anything starts, so let uid "
                  "{} read it",
                  doing(path), ::geteuid()),
      EACCES);
}

/// Whose files are root's. In a user namespace that does not map root of the host, its files are shown as
/// those of the overflow user: user_namespaces(7), "Unmapped user and group IDs". Its own root counts, too:
/// it is the administrator of a machine in a container.
struct Trust {
  unsigned unmapped = 0;
  bool in(const struct stat& file) const { return file.st_uid == 0 || file.st_uid == unmapped; }
};

Outcome<Trust> trust() {
  if (!TRY(explained(kernel::in_user_namespace(), "looking for a user namespace"))) return Trust{};
  constexpr const char* name = "/proc/sys/kernel/overflowuid";
  const auto file = TRY(explained(kernel::openat(kernel::cwd, name, O_RDONLY), name));
  char text[16];
  std::string_view number(text, TRY(explained(kernel::read(file.get(), text), name)));
  const auto uid = spec::whole_number<unsigned>(spec::cut(number, '\n'));
  return uid ? Outcome<Trust>(Trust{*uid}) : refuse(fmt::format("{}: not a number", name));
}

/// One step of the way. In a folder with the sticky bit others may make files, but neither rename nor remove
/// those of root: unlink(2), EPERM.
Outcome<> check(const Trust& trust, const struct stat& found, const std::string& policy,
                const std::string& at) {
  const auto wrong = [&](std::string_view why) {
    return refuse(fmt::format("{}: not trusted, so that nothing starts: {} {}", doing(policy), at, why),
                  EPERM);
  };
  const bool folder = S_ISDIR(found.st_mode);
  if (!folder && !S_ISREG(found.st_mode)) return wrong("is not a regular file");
  if (!trust.in(found))
    return wrong(fmt::format("belongs to uid {}: it has to be root's (chown root {})", found.st_uid, at));
  const bool others_write = found.st_mode & (S_IWGRP | S_IWOTH);
  if (!others_write || (folder && found.st_mode & S_ISVTX)) return {};
  return wrong(fmt::format("may be written by others than root: mode {:04o} (chmod go-w {})",
                           found.st_mode & 07777, at));
}

/// Walks to the file, folder by folder: what was checked is what the next name is looked up in.
Outcome<kernel::Fd<kernel::File>> open_checked(const std::string& path) {
  const auto trusted = TRY(trust());
  auto folder = TRY(opened(kernel::openat<kernel::Path>(kernel::cwd, "/", O_PATH | O_DIRECTORY), path));
  std::string at = "/";
  std::string_view rest = path;
  for (;;) {
    const auto passed = TRY(opened(kernel::status(folder.get()), path));
    TRY(check(trusted, passed, path, at));
    std::string name;
    while (name.empty() && !rest.empty()) name = spec::cut(rest, '/');
    if (!at.ends_with('/')) at += '/';
    at += name;
    if (rest.empty()) {
      auto file =
          TRY(opened(kernel::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path));
      const auto found = TRY(opened(kernel::status(file.get()), path));
      TRY(check(trusted, found, path, at));
      return file;
    }
    folder = TRY(opened(
        kernel::openat<kernel::Path>(folder.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW), path));
  }
}

Outcome<std::string> read_whole(int file, const std::string& path) {
  std::string text(most + 1, '\0');
  std::size_t used = 0;
  while (const auto n = TRY(opened(kernel::read(file, std::span(text).subspan(used)), path))) used += n;
  if (used > most) return refuse(fmt::format("{}: larger than 1 MiB", doing(path)), EFBIG);
  text.resize(used);
  return text;
}

Outcome<Policy> understood(const std::string& text, const std::string& path) {
  return Policy{path, TRY(parse(text, doing(path)))};
}

}  // namespace

Outcome<std::optional<std::string>> read_trusted(const std::string& path) {
  // No symbolic link: whoever may change where one leads would choose the file.
  auto there = kernel::open_plain(kernel::cwd, path.c_str(), O_PATH);
  if (!there && there.error().code == ENOENT) return std::nullopt;
  if (!there && there.error().code == ELOOP)
    return refuse(
        fmt::format("{}: not trusted, so that nothing starts: a symbolic link is in its path; name the "
                    "file itself",
                    doing(path)),
        ELOOP);
  TRY(opened(std::move(there), path));
  const auto file = TRY(open_checked(path));
  return TRY(read_whole(file.get(), path));
}

Outcome<std::vector<Policy>> in_force(const std::string& callers, const std::string& administrators) {
  std::vector<Policy> all;
  if (const auto text = TRY(read_trusted(administrators)))
    all.push_back(TRY(understood(*text, administrators)));
  if (callers.empty()) return all;
  const auto text = TRY(read_trusted(callers));
  if (!text) return refuse(fmt::format("--policy {}: No such file or directory", callers), ENOENT);
  all.push_back(TRY(understood(*text, callers)));
  return all;
}

}  // namespace lodger::policy
