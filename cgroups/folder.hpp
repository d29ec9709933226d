// A cgroup's folder in one hierarchy: made, opened, walked and removed.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/file.hpp"

namespace lodger::cgroups {

/// Held by its parent's descriptor and its own name, which serve for all its files without opening it.
struct Folder {
  kernel::Fd<kernel::Path> parent;
  std::string name;
  std::string path;    // absolute
  bool fresh = false;  // we made it: its files hold what the kernel put there

  std::string entry(std::string_view file) const { return name + '/' + std::string(file); }
};

/// An absolute path without empty, "." and ".." parts: ".." takes the part before it along and stops at the
/// top, as in "/.." (callers know runc to do so). Refuses relative paths and "/", which is everybody's.
Outcome<std::string> clean_path(std::string_view path);

/// Makes the cgroup `path` (clean) below a hierarchy's mount point, with its parents. What was made is put at
/// the front of `made`. A cgroup that was there already is taken as it is, and is not `fresh`.
Outcome<Folder> make_folder(const std::string& mount, const std::string& path,
                            std::vector<std::string>& made);

/// Puts a folder at the front of what is to be removed, once.
void remember(std::vector<std::string>& made, std::string path);

/// An existing cgroup by its absolute folder.
kernel::Result<Folder> open_folder(const std::string& absolute);

using Visit = std::function<kernel::Result<>(int parent, const std::string& name)>;
/// Visits all folders below `folder`, children before parents, each by its parent's descriptor and its own
/// name: a container that may make cgroups makes them deeper than a path can say, or our stack and table of
/// descriptors are. One that goes meanwhile is left out.
kernel::Result<> each_below(int folder, const Visit& visit);

/// Opens a folder by an absolute path without symlinks, for walking (O_PATH).
kernel::Result<kernel::Fd<kernel::Path>> walk_to(const std::string& absolute);

}  // namespace lodger::cgroups
