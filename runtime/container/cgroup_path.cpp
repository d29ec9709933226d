#include "runtime/container/cgroup_path.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "cgroups/cgroup.hpp"
#include "cgroups/files.hpp"
#include "cgroups/folder.hpp"

namespace lodger::container {
namespace {

bool writable(const std::string& path) {
  return kernel::faccessat(kernel::cwd, path.c_str(), W_OK).has_value();
}

/// Only root of a user namespace whose root is the host's may make cgroups at the top.
bool may_make_default(const cgroups::Layout& layout) {
  if (!layout.unified.empty() && !writable(layout.unified)) return false;
  for (const auto& hierarchy : layout.hierarchies)
    if (!writable(hierarchy.folder)) return false;
  return true;
}

/// cgroups(7), "/proc/pid/cgroup": "0::/path" is the cgroup2 tree's line. Empty: not readable, or the root.
std::string own_cgroup() {
  const auto text = cgroups::read_text(kernel::cwd, "/proc/self/cgroup");
  std::string path;
  if (text)
    cgroups::each_part(*text, '\n', [&](std::string_view line) {
      if (line.starts_with("0::/") && line.size() > 4) path = line.substr(3);
    });
  return path;
}

/// cgroups(7), "Cgroups v2 delegation": who may move a process there may write the common ancestor's
/// cgroup.procs, and that is the own cgroup.
std::string delegated(const cgroups::Layout& layout, const std::string& id) {
  const auto own = own_cgroup();
  const auto folder = layout.unified + own;
  if (own.empty() || !writable(folder) || !writable(folder + "/cgroup.procs")) return "";
  return fmt::format("{}/lodger-{}", own, id);
}

}  // namespace

bool is_rootless(const CreateRequest& request, const plan::Caller& caller) {
  return request.rootless.value_or(!caller.privileged);
}

Outcome<std::string> cgroup_path(const CreateRequest& request, const spec::Config& config,
                                 const cgroups::Layout& layout, bool rootless) {
  if (request.no_cgroup) return "";
  const auto& path = config.linux->cgroups_path;
  if (!path.empty()) return cgroups::clean_path(path.starts_with('/') ? path : '/' + path);
  auto usual = fmt::format("{}/{}", cgroups::default_parent, request.id);
  if (!rootless || may_make_default(layout)) return usual;
  return layout.kind == cgroups::Kind::v2 ? delegated(layout, request.id) : "";
}

}  // namespace lodger::container
