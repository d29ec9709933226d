#include "cgroups/usable.hpp"

#include <unistd.h>

#include <algorithm>

#include "kernel/file.hpp"

namespace lodger::cgroups {
namespace {

/// By what is there of it already: the rest has to be made in that.
bool may_make(const std::string& mount, std::string path) {
  for (;;) {
    const auto writable = kernel::faccessat(kernel::cwd, (mount + path).c_str(), W_OK);
    if (writable || writable.error().code != ENOENT || path.empty()) return writable.has_value();
    path.resize(path.rfind('/'));
  }
}

template <class Serves>
void keep_those(Layout& layout, Serves serves) {
  std::erase_if(layout.hierarchies, [&](const Hierarchy& hierarchy) { return !serves(hierarchy.folder); });
  if (!layout.unified.empty() && !serves(layout.unified)) {
    layout.unified.clear();
    layout.kind = Kind::v1;
  }
}

}  // namespace

void leave_out_closed(Layout& layout, const std::string& path) {
  if (layout.kind == Kind::v2 || path.empty()) return;
  Layout open = layout;
  keep_those(open, [&](const std::string& mount) { return may_make(mount, path); });
  if (!open.hierarchies.empty() || !open.unified.empty()) layout = std::move(open);
}

Outcome<Layout> detect_for(const Record& record, const Roots& roots) {
  auto layout = TRY(detect(roots));
  if (layout.kind != Kind::v2)
    keep_those(layout, [&](const std::string& mount) {
      return std::ranges::find(record.folders, mount + record.path) != record.folders.end();
    });
  return layout;
}

}  // namespace lodger::cgroups
