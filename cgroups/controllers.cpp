#include "cgroups/controllers.hpp"

#include <fmt/core.h>

#include "cgroups/files.hpp"

namespace lodger::cgroups {
namespace {

constexpr const char* available_file = "cgroup.controllers";
constexpr const char* enabled_file = "cgroup.subtree_control";

/// "+cpu +memory": those of the first list that the second has not.
std::string missing(std::string_view available, std::string_view enabled) {
  std::string request;
  each_part(available, ' ', [&](std::string_view controller) {
    if (!has_word(enabled, controller)) request.append(request.empty() ? "+" : " +").append(controller);
  });
  return request;
}

/// Why a folder would not give a controller to its children.
struct Refused {
  std::string controller, folder;
  int code;
};

/// Turns on what one parent can give. The kernel takes a request as a whole or not at all, so that one bad
/// controller (cpu beside realtime processes, say) needs them asked for singly. Not so where the parent has
/// processes (EBUSY): it would still give the threaded controllers, but its children could then hold threads
/// only and no container ("domain invalid" in cgroup-v2.rst, "Threads").
kernel::Result<> enable_in(int folder, const std::string& path, std::vector<Refused>& refused) {
  const auto request =
      missing(TRY(read_value(folder, available_file)), TRY(read_value(folder, enabled_file)));
  if (request.empty()) return {};
  const auto whole = write_text(folder, enabled_file, request);
  if (whole) return {};
  each_part(request, ' ', [&](std::string_view one) {
    const auto written = whole.error().code == EBUSY ? whole : write_text(folder, enabled_file, one);
    if (!written) refused.push_back({std::string(one.substr(1)), path, written.error().code});
  });
  return {};
}

Failure unavailable(const Setting& s, const std::string& path, const std::vector<Refused>& refused,
                    std::string_view available) {
  for (const auto& r : refused)
    if (r.controller == s.controller)
      return {fmt::format("cgroup {}: {}: needs the {} controller: {}/{}: write \"+{}\": {}{}", path, s.file,
                          s.controller, r.folder, enabled_file, s.controller, error_text(r.code),
                          r.code == EBUSY
                              ? " (a cgroup with processes of its own cannot give controllers to children)"
                              : ""),
              r.code};
  return {fmt::format("cgroup {}: {}: the {} controller is not available here (there are: {})", path, s.file,
                      s.controller, available.empty() ? "none" : available),
          ENOENT};
}

/// The first setting whose controller is not in the list.
const Setting* lacking(const std::vector<Setting>& settings, std::string_view controllers) {
  for (const auto& s : settings)
    if (!s.is_default && s.controller != "cgroup" && !has_word(controllers, s.controller)) return &s;
  return nullptr;
}

/// All parents from the root of the tree down.
kernel::Result<std::vector<Refused>> enable_in_parents(const std::string& mount, const std::string& path) {
  std::vector<Refused> refused;
  std::string at = mount;
  auto folder = TRY(walk_to(mount));
  TRY(enable_in(folder.get(), at, refused));
  kernel::Result<> result;
  each_part(std::string_view(path).substr(0, path.rfind('/')), '/', [&](std::string_view part) {
    if (!result) return;
    (at += '/') += part;
    auto next = walk_to(at);
    result = next ? enable_in(next->get(), at, refused) : std::unexpected(next.error());
  });
  if (!result) return std::unexpected(result.error());
  return refused;
}

}  // namespace

Outcome<> enable_controllers(const std::string& mount, const std::string& path, const Folder& folder,
                             const std::vector<Setting>& settings) {
  const auto doing = fmt::format("cgroup {}: reading its controllers", path);
  const auto available =
      TRY(explained(read_value(kernel::cwd, fmt::format("{}/{}", mount, available_file)), doing));
  auto enabled = TRY(explained(read_value(folder.parent.get(), enabled_file), doing));
  std::vector<Refused> refused;
  if (!missing(available, enabled).empty()) {
    refused = TRY(explained(enable_in_parents(mount, path),
                            fmt::format("cgroup {}: turning on its controllers", path)));
    enabled = TRY(explained(read_value(folder.parent.get(), enabled_file), doing));
  }
  if (const auto* s = lacking(settings, enabled))
    return std::unexpected(unavailable(*s, path, refused, available));
  return {};
}

Outcome<> check_available(const std::string& mount, const std::string& path,
                          const std::vector<Setting>& settings) {
  const auto available = TRY(explained(read_value(kernel::cwd, fmt::format("{}/{}", mount, available_file)),
                                       fmt::format("cgroup {}: reading its controllers", path)));
  if (const auto* s = lacking(settings, available))
    return std::unexpected(unavailable(*s, path, {}, available));
  return {};
}

}  // namespace lodger::cgroups
