#include "runtime/container/cgroup_place.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "cgroups/membership.hpp"
#include "kernel/file.hpp"

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

/// In the cgroup2 tree. Empty: not readable, or the root.
std::string own_cgroup() {
  auto path = cgroups::cgroup_of("self").value_or("");
  return path == "/" ? "" : path;
}

/// cgroups(7), "Cgroups v2 delegation": who may move a process there may write the common ancestor's
/// cgroup.procs, and that is the own cgroup.
std::string delegated(const cgroups::Layout& layout, const std::string& id) {
  const auto own = own_cgroup();
  const auto folder = layout.unified + own;
  if (own.empty() || !writable(folder) || !writable(folder + "/cgroup.procs")) return "";
  return fmt::format("{}/lodger-{}", own, id);
}

/// The cgroup of the caller's own systemd: above the caller, where that started him, else where systemd has
/// it by its own rules (pam_systemd(8), user@.service(5)). Whether it is so shows when the unit is there.
std::string of_user_manager(const plan::Caller& caller) {
  constexpr std::string_view name = "/user@", ending = ".service";
  const auto own = own_cgroup();
  const auto at = own.find(name);
  const auto end = at == own.npos ? own.npos : own.find(ending, at);
  if (end != own.npos) return own.substr(0, end + ending.size());
  return fmt::format("/user.slice/user-{0}.slice/user@{0}.service", caller.uid);
}

Outcome<cgroups::Place> unit_place(const CreateRequest& request, const spec::Config& config,
                                   const plan::Caller& caller) {
  cgroups::Place place;
  place.unit = TRY(cgroups::systemd::parse_unit(config.linux->cgroups_path, request.id, !caller.privileged,
                                                config.annotations));
  const auto manager = place.unit->user ? of_user_manager(caller) : "";
  place.path = manager + TRY(cgroups::systemd::path_of(*place.unit));
  return place;
}

Outcome<std::string> folder_path(const CreateRequest& request, const spec::Config& config,
                                 const cgroups::Layout& layout, bool rootless) {
  const auto& path = config.linux->cgroups_path;
  if (!path.empty()) return cgroups::clean_path(path.starts_with('/') ? path : '/' + path);
  auto usual = fmt::format("{}/{}", cgroups::default_parent, request.id);
  if (!rootless || may_make_default(layout)) return usual;
  return layout.kind == cgroups::Kind::v2 ? delegated(layout, request.id) : "";
}

/// "slice:prefix:name", as engines with systemd's cgroup driver write it: a folder's path begins with a
/// slash.
bool names_unit(const CreateRequest& request, std::string_view path) {
  return request.systemd_cgroup ||
         (request.systemd_by_path && !path.contains('/') && std::ranges::count(path, ':') == 2);
}

}  // namespace

bool is_rootless(const CreateRequest& request, const plan::Caller& caller) {
  return request.rootless.value_or(!caller.privileged);
}

Outcome<cgroups::Place> cgroup_place(const CreateRequest& request, const spec::Config& config,
                                     const cgroups::Layout& layout, const plan::Caller& caller) {
  if (request.no_cgroup) return cgroups::Place{};
  if (names_unit(request, config.linux->cgroups_path)) return unit_place(request, config, caller);
  return cgroups::Place{TRY(folder_path(request, config, layout, is_rootless(request, caller))), {}};
}

}  // namespace lodger::container
