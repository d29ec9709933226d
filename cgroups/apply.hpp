// Writing a plan into the folders it is for.
#pragma once
#include <string_view>
#include <vector>

#include "cgroups/folder.hpp"
#include "cgroups/layout.hpp"
#include "cgroups/plan.hpp"

namespace lodger::cgroups {

/// A cgroup's folders, by controller.
class Places {
 public:
  /// `folders` in the order of the layout's hierarchies; on v2 the one folder.
  Places(const Layout& layout, std::span<const Folder> folders) : layout_(layout), folders_(folders) {}
  /// nullptr: no hierarchy here has it. On v2 always the one folder, whatever it has.
  const Folder* find(std::string_view controller) const;

 private:
  const Layout& layout_;
  std::span<const Folder> folders_;
};

/// "memory.max: write "4096": Invalid argument (hint)" behind "cgroup PATH: "; only the first that fails.
/// A refused value (EINVAL, EBUSY) is tried once more after the others, because limits bound each other and
/// which of two must come first depends on what they were before.
Outcome<> apply(const std::vector<Setting>& settings, const Places& places, std::string_view cgroup);

/// What is said of a setting whose controller no hierarchy here has.
Failure without_controller(const Setting& setting, std::string_view cgroup);

}  // namespace lodger::cgroups
