// The state root and who is at work in which of its folders.
//
// The lock is flock(2) on the container's folder itself: it needs no file of its own, goes with its holder
// however that one ends, and can be tested by those who only look. Between opening a folder and locking it
// the folder may have been removed, and its name even given to a new one; so after each locking the link
// count is looked at, and the name is opened again if the folder at hand has none left.
#include "runtime/container/store.hpp"

#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "kernel/folder.hpp"
#include "kernel/lock.hpp"
#include "kernel/procfs.hpp"
#include "runtime/container/environment.hpp"

namespace lodger::container {
namespace {

using kernel::Fd;
using kernel::Path;

constexpr const char* absent = "container does not exist";
constexpr const char* taken = "container with given ID already exists";

bool id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
         c == '.' || c == '-';
}

kernel::Result<Fd<Path>> open_folder(int root, const std::string& id) {
  return kernel::openat<Path>(root, id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

kernel::Result<bool> removed(const Fd<Path>& folder) {
  return TRY(kernel::status(folder.get())).st_nlink == 0;
}

Failure cannot_open(const std::string& id, kernel::Error error) {
  if (error.code == ENOENT) return {absent, ENOENT};
  if (error.code == EWOULDBLOCK)
    return {fmt::format("container {} is busy: another command is at work on it; try again when it has ended",
                        id),
            EWOULDBLOCK};
  return explain(fmt::format("opening the state folder of container {}", id), error);
}

Failure no_access_to_root(const std::string& doing, kernel::Error error) {
  auto failure = explain(doing, error);
  if (error.code == EACCES && ::geteuid() != 0 && own_variable("XDG_RUNTIME_DIR").empty())
    failure.text +=
        " (an ordinary user's state lies in $XDG_RUNTIME_DIR/lodger, and XDG_RUNTIME_DIR is not set: set it, "
        "or give --root)";
  return failure;
}

}  // namespace

Outcome<> check_id(std::string_view id) {
  if (id.empty()) return refuse("container id cannot be empty", EINVAL);
  if (id.size() > 1024)
    return refuse(
        fmt::format("invalid container ID format: {} characters, at most 1024 are allowed", id.size()),
        EINVAL);
  if (id == "." || id == ".." || !std::ranges::all_of(id, id_character))
    return refuse(fmt::format("invalid container ID format: \"{}\": letters, digits and any of _ + - . are "
                              "allowed, but not \".\" and \"..\"",
                              id),
                  EINVAL);
  return {};
}

std::string Store::default_root() {
  const auto runtime_folder = own_variable("XDG_RUNTIME_DIR");
  if (runtime_folder.empty()) return "/run/lodger";
  const bool own =
      ::geteuid() != 0 || (own_variable("USER") != "root" && kernel::in_user_namespace().value_or(false));
  return own ? fmt::format("{}/lodger", runtime_folder) : "/run/lodger";
}

Outcome<Fd<Path>> Store::open_root() const {
  auto root = kernel::openat<Path>(kernel::cwd, root_.c_str(), O_PATH | O_DIRECTORY);
  if (root) return std::move(*root);
  if (root.error().code == ENOENT) return refuse(absent, ENOENT);
  return std::unexpected(explain(fmt::format("opening the state root {}", root_), root.error()));
}

/// The parents as `mkdir -p` makes them. Below $XDG_RUNTIME_DIR the sticky bit keeps the folder from being
/// cleaned away with what was not used for long (XDG Base Directory Specification).
kernel::Result<> Store::make_root_folders() const {
  const auto runtime_folder = own_variable("XDG_RUNTIME_DIR");
  const bool sticky = !runtime_folder.empty() && root_.starts_with(runtime_folder);
  for (std::size_t end = 0; end != root_.npos;) {
    end = root_.find('/', end + 1);
    const unsigned mode = 0700U | (sticky && end == root_.npos ? S_ISVTX : 0U);
    const auto made = kernel::mkdirat(kernel::cwd, root_.substr(0, end).c_str(), mode);
    if (!made && made.error().code != EEXIST) return made;
  }
  return {};
}

Outcome<Fd<Path>> Store::make_root() const {
  auto root = open_root();
  if (root || root.error().code != ENOENT) return root;
  const auto made = make_root_folders();
  if (!made)
    return std::unexpected(no_access_to_root(fmt::format("making the state root {}", root_), made.error()));
  return open_root();
}

Outcome<Folder> Store::reserve(const std::string& id) const {
  TRY(check_id(id));
  auto root = TRY(make_root());
  const auto doing = [&] { return fmt::format("making the state folder of container {}", id); };
  for (;;) {
    const auto made = kernel::mkdirat(root.get(), id.c_str(), 0700);
    if (!made && made.error().code == EEXIST) return refuse(taken, EEXIST);
    if (!made) return std::unexpected(no_access_to_root(doing(), made.error()));
    auto fd = open_folder(root.get(), id);
    if (!fd && fd.error().code == ENOENT) continue;  // removed already, by a forced delete
    if (!fd) return std::unexpected(explain(doing(), fd.error()));
    TRY(explained(kernel::flock(fd->get(), LOCK_EX), doing()));
    if (TRY(explained(removed(*fd), doing()))) continue;
    // Removed and made again by another creator before it was opened here: then it is theirs.
    if (kernel::status(fd->get(), "state.json", 0)) return refuse(taken, EEXIST);
    Folder folder(id, std::move(root), std::move(*fd));
    folder.locked_ = folder.made_ = true;
    return folder;
  }
}

Outcome<Folder> Store::look(const std::string& id) const {
  TRY(check_id(id));
  auto root = TRY(open_root());
  auto fd = open_folder(root.get(), id);
  if (!fd) return std::unexpected(cannot_open(id, fd.error()));
  return Folder(id, std::move(root), std::move(*fd));
}

Outcome<Folder> Store::open(const std::string& id, int patience) const {
  for (;;) {
    auto folder = TRY(look(id));
    const auto held = kernel::lock_within(folder.fd_.get(), patience);
    if (!held) return std::unexpected(cannot_open(id, held.error()));
    const auto gone = removed(folder.fd_);
    if (!gone) return std::unexpected(cannot_open(id, gone.error()));
    if (*gone) continue;
    folder.locked_ = true;
    return folder;
  }
}

Outcome<std::vector<std::string>> Store::ids() const {
  std::vector<std::string> found;
  const auto doing = [&] { return fmt::format("reading the state root {}", root_); };
  const auto root = kernel::openat<Path>(kernel::cwd, root_.c_str(), O_RDONLY | O_DIRECTORY);
  if (!root && root.error().code == ENOENT) return found;
  if (!root) return std::unexpected(no_access_to_root(doing(), root.error()));
  const auto read = kernel::each_name(root->get(), [&](std::string_view name) {
    if (check_id(name)) found.emplace_back(name);
  });
  if (!read) return std::unexpected(explain(doing(), read.error()));
  std::ranges::sort(found);
  return found;
}

}  // namespace lodger::container
