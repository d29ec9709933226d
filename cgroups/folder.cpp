#include "cgroups/folder.hpp"

#include <dirent.h>
#include <fmt/core.h>

#include <algorithm>

#include "cgroups/files.hpp"
#include "kernel/folder.hpp"

namespace lodger::cgroups {
namespace {

constexpr unsigned mode = 0755;
// Of making a folder whose parents another container's end removes meanwhile. Each loses with a chance that
// two processors in lockstep can make large, so the number is one that cannot be lost by chance.
constexpr int attempts = 10'000;

/// A parent is gone: ENOENT from the walk or from mkdir in a dead folder, ENODEV from kernfs in between.
bool is_gone(int code) { return code == ENOENT || code == ENODEV; }

/// mkdirat(2) where "exists already" is no error; whether it was made.
kernel::Result<bool> make_one(int folder, const std::string& name) {
  const auto done = kernel::mkdirat(folder, name.c_str(), mode);
  if (done) return true;
  if (done.error().code == EEXIST) return false;
  return std::unexpected(done.error());
}

/// The chain of parents below the mount point, one by one; gives the last.
kernel::Result<kernel::Fd<kernel::Path>> make_parents(const std::string& mount, std::string_view parents,
                                                      std::vector<std::string>& made) {
  auto at = TRY(walk_to(mount));
  std::string path = mount;
  kernel::Result<> result;
  each_part(parents, '/', [&](std::string_view part) {
    if (!result) return;
    const std::string name(part);
    path += '/' + name;
    const auto step = [&]() -> kernel::Result<> {
      if (TRY(make_one(at.get(), name))) remember(made, path);
      at = TRY(kernel::openat<kernel::Path>(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW));
      return {};
    };
    result = step();
  });
  if (!result) return std::unexpected(result.error());
  return at;
}

/// One attempt. The usual case is three calls: the parent is there, the cgroup is not.
kernel::Result<Folder> try_make(const std::string& mount, const std::string& path,
                                std::vector<std::string>& made) {
  const auto slash = path.rfind('/');
  const std::string parents = path.substr(0, slash);
  Folder folder{{}, path.substr(slash + 1), mount + path, false};
  auto parent = walk_to(mount + parents);
  if (!parent && parent.error().code == ENOENT) parent = make_parents(mount, parents, made);
  folder.parent = TRY(std::move(parent));
  folder.fresh = TRY(make_one(folder.parent.get(), folder.name));
  if (folder.fresh) remember(made, folder.path);
  return folder;
}

kernel::Result<kernel::Fd<kernel::Path>> open_to_list(int folder, const char* name) {
  return kernel::openat<kernel::Path>(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

kernel::Result<std::vector<std::string>> children_of(const kernel::Fd<kernel::Path>& folder) {
  std::vector<std::string> found;
  if (TRY(kernel::status(folder.get())).st_nlink == 2) return found;  // 2 and one per sub-folder
  TRY(kernel::each_entry(folder.get(), [&](std::string_view name, unsigned char type) {
    if (type == DT_DIR) found.emplace_back(name);
  }));
  return found;
}

}  // namespace

Outcome<std::string> clean_path(std::string_view path) {
  const auto wrong = [&](std::string_view why) {
    return refuse(fmt::format("cgroup \"{}\": {}", path, why), EINVAL);
  };
  if (!path.starts_with('/')) return wrong("the path must be absolute");
  if (path.find('\0') != path.npos || path.find('\n') != path.npos)
    return wrong("a cgroup's name holds neither newline nor zero byte");
  std::string clean;
  each_part(path, '/', [&](std::string_view part) {
    if (part == "..")
      clean.resize(clean.empty() ? 0 : clean.rfind('/'));
    else if (part != ".")
      (clean += '/') += part;
  });
  if (clean.empty()) return wrong("the root cgroup is everybody's");
  return clean;
}

Outcome<Folder> make_folder(const std::string& mount, const std::string& path,
                            std::vector<std::string>& made) {
  for (int attempt = 1;; ++attempt) {
    auto folder = try_make(mount, path, made);
    if (folder) return std::move(*folder);
    if (!is_gone(folder.error().code) || attempt == attempts)
      return std::unexpected(
          explain(fmt::format("cgroup {}: making {}{}", path, mount, path), folder.error()));
  }
}

void remember(std::vector<std::string>& made, std::string path) {
  if (std::find(made.begin(), made.end(), path) == made.end()) made.insert(made.begin(), std::move(path));
}

kernel::Result<Folder> open_folder(const std::string& absolute) {
  const auto slash = absolute.rfind('/');
  Folder folder{{}, absolute.substr(slash + 1), absolute, false};
  folder.parent = TRY(walk_to(absolute.substr(0, slash)));
  return folder;
}

kernel::Result<kernel::Fd<kernel::Path>> walk_to(const std::string& absolute) {
  return kernel::open_plain<kernel::Path>(kernel::cwd, absolute.c_str(), O_PATH | O_DIRECTORY);
}

kernel::Result<> each_below(int folder, const Visit& visit) {
  struct Level {
    std::string name;
    std::vector<std::string> children;
  };
  auto at = TRY(open_to_list(folder, "."));
  std::vector<Level> way{{"", TRY(children_of(at))}};
  while (way.size() > 1 || !way.back().children.empty()) {
    if (way.back().children.empty()) {
      at = TRY(open_to_list(at.get(), ".."));
      TRY(visit(at.get(), way.back().name));
      way.pop_back();
      continue;
    }
    auto name = std::move(way.back().children.back());
    way.back().children.pop_back();
    auto below = open_to_list(at.get(), name.c_str());
    if (!below && is_gone(below.error().code)) continue;
    at = TRY(std::move(below));
    way.push_back({std::move(name), TRY(children_of(at))});
  }
  return {};
}

}  // namespace lodger::cgroups
