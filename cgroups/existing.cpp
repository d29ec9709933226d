#include "cgroups/existing.hpp"

namespace lodger::cgroups {

Outcome<std::vector<Folder>> open_folders(const Layout& layout, const Record& record) {
  if (record.folders.empty()) return refuse("the container has no cgroup of its own", EOPNOTSUPP);
  std::vector<Folder> folders;
  const auto add = [&](const std::string& mount) -> Outcome<> {
    const auto absolute = mount + record.path;
    folders.push_back(TRY(explained(open_folder(absolute), absolute)));
    return {};
  };
  if (layout.kind == Kind::v2) TRY(add(layout.unified));
  for (const auto& hierarchy : layout.hierarchies) TRY(add(hierarchy.folder));
  return folders;
}

}  // namespace lodger::cgroups
