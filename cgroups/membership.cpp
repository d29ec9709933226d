#include "cgroups/membership.hpp"

#include <fmt/core.h>

#include "cgroups/files.hpp"

namespace lodger::cgroups {

/// A line is "hierarchy-ID:controller-list:cgroup-path"; the cgroup2 tree's has no controllers.
Outcome<std::string> cgroup_of(std::string_view process, std::string_view hierarchy) {
  const auto file = fmt::format("/proc/{}/cgroup", process);
  const auto text = TRY(explained(read_text(kernel::cwd, file), file));
  const auto wanted = fmt::format(":{}:/", hierarchy);
  std::string path;
  each_part(text, '\n', [&](std::string_view line) {
    const auto at = std::min(line.find(':'), line.size());
    if (line.substr(at).starts_with(wanted)) path = line.substr(at + wanted.size() - 1);
  });
  return path;
}

}  // namespace lodger::cgroups
