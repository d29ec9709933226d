#include "cgroups/statistics.hpp"

#include "cgroups/apply.hpp"
#include "cgroups/existing.hpp"
#include "cgroups/files.hpp"
#include "cgroups/statistics_files.hpp"
#include "kernel/folder.hpp"

namespace lodger::cgroups {
namespace {

std::vector<std::string> page_sizes() {
  std::vector<std::string> sizes;
  const auto folder =
      kernel::openat<kernel::Path>(kernel::cwd, "/sys/kernel/mm/hugepages", O_RDONLY | O_DIRECTORY);
  if (!folder) return sizes;  // a kernel without them
  (void)kernel::each_name(folder->get(), [&](std::string_view name) {
    if (auto size = page_size_of(name); !size.empty()) sizes.push_back(std::move(size));
  });
  return sizes;
}

/// v1 has no files of pressure; those of a cgroup2 tree beside it measure the same processes. None: no such
/// tree.
Outcome<std::optional<Folder>> pressure_folder(const Layout& layout, const Record& record) {
  if (layout.unified.empty() || !record.unified) return std::nullopt;
  return TRY(explained(open_folder(record.folders.front()), record.folders.front()));
}

}  // namespace

Outcome<Statistics> statistics(const Layout& layout, const Record& record) {
  const auto folders = TRY(open_folders(layout, record));
  const Places places(layout, folders);
  const auto beside = TRY(pressure_folder(layout, record));
  const Files files = [&](std::string_view controller,
                          const std::string& file) -> std::optional<std::string> {
    const bool pressure = file.ends_with(".pressure") && beside;
    const auto* folder = pressure ? &*beside : places.find(controller);
    if (!folder) return std::nullopt;
    auto text = read_text(folder->parent.get(), folder->entry(file));
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
  return layout.kind == Kind::v2 ? statistics_v2(files, page_sizes()) : statistics_v1(files, page_sizes());
}

}  // namespace lodger::cgroups
