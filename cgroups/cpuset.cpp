#include "cgroups/cpuset.hpp"

#include <fmt/core.h>

#include "cgroups/files.hpp"

namespace lodger::cgroups {
namespace {

/// Fills a parent that is empty itself: the slow way, from the root of the tree down. Gives the parent's
/// value.
kernel::Result<std::string> fill_parents(const std::string& mount, std::string_view parents,
                                         const char* file) {
  std::string at = mount;
  std::string value = TRY(read_value(kernel::cwd, fmt::format("{}/{}", at, file)));
  kernel::Result<> result;
  each_part(parents, '/', [&](std::string_view part) {
    if (!result) return;
    (at += '/') += part;
    const auto name = fmt::format("{}/{}", at, file);
    auto own = read_value(kernel::cwd, name);
    if (own && own->empty())
      result = write_text(kernel::cwd, name, value);
    else if (own)
      value = std::move(*own);
    else
      result = std::unexpected(own.error());
  });
  if (!result) return std::unexpected(result.error());
  return value;
}

kernel::Result<> inherit(const std::string& mount, const std::string& path, const Folder& folder,
                         const char* file) {
  if (!folder.fresh && !TRY(read_value(folder.parent.get(), folder.entry(file))).empty()) return {};
  auto value = TRY(read_value(folder.parent.get(), file));
  if (value.empty())
    value = TRY(fill_parents(mount, std::string_view(path).substr(0, path.rfind('/')), file));
  return write_text(folder.parent.get(), folder.entry(file), value);
}

}  // namespace

Outcome<> inherit_cpuset(const std::string& mount, const std::string& path, const Folder& folder) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"})
    TRY(explained(inherit(mount, path, folder, file),
                  fmt::format("cgroup {}: copying {} from its parent", path, file)));
  return {};
}

}  // namespace lodger::cgroups
