#include "runtime/init/place.hpp"

#include <algorithm>
#include <cstring>

namespace lodger::init {
namespace {

/// A path under construction, NUL-terminated, at most PATH_MAX as everywhere in the kernel's interface.
class PathText {
 public:
  Result<> set(std::span<const char> a, std::span<const char> b = {}, std::span<const char> c = {}) {
    if (a.size() + b.size() + c.size() + 3 > sizeof text_) return kernel::fail("path", ENAMETOOLONG);
    char other[sizeof text_];
    char* end = std::copy(a.begin(), a.end(), other);
    for (auto part : {b, c}) {
      if (part.empty()) continue;
      if (end != other) *end++ = '/';
      end = std::copy(part.begin(), part.end(), end);
    }
    *end = 0;
    size_ = static_cast<std::size_t>(end - other);
    std::copy_n(other, size_ + 1, text_);
    return {};
  }
  std::span<const char> span() const { return {text_, size_}; }
  const char* c_str() const { return text_; }
  char* data() { return text_; }
  std::size_t size() const { return size_; }

 private:
  char text_[4096];
  std::size_t size_ = 0;
};

std::size_t last_slash(const PathText& path, std::size_t end) {
  while (end > 0 && path.span()[end - 1] != '/') --end;
  return end ? end - 1 : 0;
}

/// The deepest existing folder of `path`, and the length of the part of `path` that leads to it.
struct Deepest {
  Fd<kernel::Path> folder;
  std::size_t length;
};
Result<Deepest> deepest_folder(int root, PathText& path) {
  for (std::size_t end = last_slash(path, path.size());; end = last_slash(path, end)) {
    const char kept = std::exchange(path.data()[end], '\0');
    auto folder = kernel::open_in_root(root, end ? path.c_str() : ".", O_PATH | O_DIRECTORY);
    path.data()[end] = kept;
    if (folder) return Deepest{std::move(*folder), end};
    if (folder.error().code != ENOENT || end == 0) return std::unexpected(folder.error());
  }
}

Result<> make_plain(int folder, const char* name, Make what) {
  return what == Make::folder ? kernel::mkdirat(folder, name, 0755)
                              : kernel::mknodat(folder, name, S_IFREG | 0755, 0);
}

/// Makes one entry; true when a symlink stands in its place (its target is then in `link`).
Result<bool> make_entry(int folder, const char* name, Make what, std::span<char> link,
                        std::size_t& link_size) {
  const auto made = make_plain(folder, name, what);
  if (made) return false;
  if (made.error().code != EEXIST) return std::unexpected(made.error());
  auto target = kernel::readlinkat(folder, name, link);
  if (!target) return false;  // something else came to stand there: the open that follows judges it
  if (*target == link.size()) return kernel::fail("readlinkat", ENAMETOOLONG);
  link_size = *target;
  return true;
}

enum class Walked : unsigned char { there, again };

/// Makes what is missing of `path` below its deepest folder. When a dangling symlink is met, `path` is
/// rewritten to where it leads, and the walk starts again from the root.
Result<Walked> make_missing(int root, PathText& path, Make what, Fd<kernel::Path>& place) {
  auto [folder, at] = TRY(deepest_folder(root, path));
  if (at) ++at;  // the slash
  while (at < path.size()) {
    const auto rest = path.span().subspan(at);
    const auto slash = static_cast<std::size_t>(std::find(rest.begin(), rest.end(), '/') - rest.begin());
    const bool last = slash == rest.size();
    char name[256];
    if (slash >= sizeof name) return kernel::fail("path", ENAMETOOLONG);
    std::copy_n(rest.begin(), slash, name);
    name[slash] = 0;
    if (slash == 2 && name[0] == '.' && name[1] == '.') return kernel::fail("path", ENOENT);
    char link[4096];
    std::size_t link_size = 0;
    const Make kind = last ? what : Make::folder;
    if (TRY(make_entry(folder.get(), name, kind, link, link_size))) {
      const auto tail = last ? std::span<const char>{} : rest.subspan(slash + 1);
      const bool absolute = link[0] == '/';
      const auto before = absolute || at == 0 ? std::span<const char>{} : path.span().first(at - 1);
      const auto target = std::span<const char>(link, link_size).subspan(absolute ? 1 : 0);
      if (before.empty())
        TRY(path.set(target, tail));
      else
        TRY(path.set(before, target, tail));
      return Walked::again;
    }
    const int flags = O_PATH | O_NOFOLLOW | (kind == Make::folder ? O_DIRECTORY : 0);
    folder = TRY(kernel::openat<kernel::Path>(folder.get(), name, flags));
    at += slash + 1;
  }
  place = std::move(folder);
  return Walked::there;
}

}  // namespace

Result<Fd<kernel::Path>> open_place(int root, const char* name) {
  return kernel::open_in_root(root, *name ? name : ".", O_PATH);
}

Result<Fd<kernel::Path>> open_plain_folder(int root, const char* name) {
  return kernel::open_plain_below(root, *name ? name : ".", O_PATH | O_DIRECTORY);
}

Result<Fd<kernel::Path>> open_or_make_place(int root, const char* name, Make what) {
  auto there = open_place(root, name);
  if (there || there.error().code != ENOENT) return there;
  PathText path;
  TRY(path.set({name, std::strlen(name)}));
  Fd<kernel::Path> place;
  for (int links = 0; links < 40; ++links)  // as many as path_resolution(7) allows
    if (TRY(make_missing(root, path, what, place)) == Walked::there) return place;
  return kernel::fail("path", ELOOP);
}

Result<Holder> open_or_make_holder(int root, const char* name) {
  const char* last = name;
  for (const char* c = name; *c; ++c)
    if (*c == '/') last = c + 1;
  if (last == name) return Holder{TRY(open_place(root, "")), last};
  PathText path;
  TRY(path.set({name, static_cast<std::size_t>(last - name - 1)}));
  return Holder{TRY(open_or_make_place(root, path.c_str(), Make::folder)), last};
}

Result<Fd<kernel::Path>> open_or_make_last(int root, const char* name, Make what) {
  const auto [folder, last] = TRY(open_or_make_holder(root, name));
  if (!*last) return open_place(root, "");
  const auto made = make_plain(folder.get(), last, what);
  if (!made && made.error().code != EEXIST) return std::unexpected(made.error());
  return kernel::openat<kernel::Path>(folder.get(), last, O_PATH | O_NOFOLLOW);
}

}  // namespace lodger::init
