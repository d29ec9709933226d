#include "runtime/plan/descriptors.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>

#include "spec/options.hpp"

namespace lodger::plan {

std::size_t descriptors_of(const spec::Config& config, unsigned preserve_fds) {
  // Sockets, memory files, the root, cgroup folders, namespaces, default devices: forty at most.
  constexpr std::size_t others = 96;
  const auto binds = std::ranges::count_if(
      config.mounts, [](const spec::Mount& mount) { return spec::mount_flags(mount).binds(); });
  const std::size_t devices = config.linux ? config.linux->devices.size() : 0;
  return others + static_cast<std::size_t>(binds) + devices + preserve_fds;
}

Outcome<std::optional<kernel::Limit>> make_room(std::size_t needed) {
  constexpr std::string_view doing = "RLIMIT_NOFILE";
  const auto callers = TRY(explained(kernel::limit(RLIMIT_NOFILE), doing));
  if (callers.soft >= needed) return std::nullopt;
  if (callers.hard < needed)
    return refuse(fmt::format("mounts: the sources of all bind mounts are open at once, which takes {} "
                              "descriptors with what else is needed, and the hard limit of lodger is {} "
                              "(RLIMIT_NOFILE; ulimit -Hn)",
                              needed, callers.hard),
                  EMFILE);
  TRY(explained(kernel::set_limit(RLIMIT_NOFILE, {callers.hard, callers.hard}), doing));
  return callers;
}

}  // namespace lodger::plan
