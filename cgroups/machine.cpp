#include "cgroups/machine.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "kernel/file.hpp"
#include "kernel/folder.hpp"

namespace lodger::cgroups {
namespace {

bool exists(const std::string& path) {
  return kernel::faccessat(kernel::cwd, path.c_str(), F_OK).has_value();
}

template <class Entry>
Outcome<> check_devices(const char* property, const std::vector<Entry>& list, const std::string& folder) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto where = fmt::format("linux.resources.blockIO.{}[{}]: device {}:{}", property, i, list[i].major,
                                   list[i].minor);
    const auto device = fmt::format("{}/{}:{}", folder, list[i].major, list[i].minor);
    if (!exists(device))
      return refuse(fmt::format("{}: there is no such block device on this machine ({}: {})", where, device,
                                error_text(ENOENT)),
                    ENODEV);
    if (exists(device + "/partition"))
      return refuse(where + " is a partition, and the kernel limits whole disks: name the disk instead",
                    ENODEV);
  }
  return {};
}

Outcome<> check_block_io(const spec::BlockIo& io, const std::string& folder) {
  TRY(check_devices("weightDevice", io.weight_device, folder));
  TRY(check_devices("throttleReadBpsDevice", io.throttle_read_bps_device, folder));
  TRY(check_devices("throttleWriteBpsDevice", io.throttle_write_bps_device, folder));
  TRY(check_devices("throttleReadIOPSDevice", io.throttle_read_iops_device, folder));
  return check_devices("throttleWriteIOPSDevice", io.throttle_write_iops_device, folder);
}

/// As the kernel names a size in the files of hugetlb (mem_fmt() in mm/hugetlb_cgroup.c).
std::string named(std::uint64_t kilobytes) {
  if (kilobytes >= 1 << 20) return fmt::format("{}GB", kilobytes >> 20);
  if (kilobytes >= 1 << 10) return fmt::format("{}MB", kilobytes >> 10);
  return fmt::format("{}KB", kilobytes);
}

/// The folders' names are "hugepages-2048kB".
kernel::Result<std::vector<std::string>> page_sizes(const std::string& folder) {
  const auto open = TRY(kernel::openat(kernel::cwd, folder.c_str(), O_RDONLY | O_DIRECTORY));
  std::vector<std::uint64_t> sizes;
  TRY(kernel::each_name(open.get(), [&](std::string_view name) {
    constexpr std::string_view prefix = "hugepages-";
    std::uint64_t kilobytes = 0;
    if (!name.starts_with(prefix)) return;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), kilobytes);
    if (kilobytes) sizes.push_back(kilobytes);
  }));
  std::ranges::sort(sizes);
  std::vector<std::string> names;
  for (const auto size : sizes) names.push_back(named(size));
  return names;
}

Outcome<> check_page_sizes(const std::vector<spec::HugepageLimit>& limits, const std::string& folder) {
  const auto sizes = page_sizes(folder);
  if (!sizes && sizes.error().code != ENOENT) return std::unexpected(explain(folder, sizes.error()));
  std::string there;
  for (const auto& size : sizes.value_or(std::vector<std::string>{}))
    there += (there.empty() ? "" : ", ") + size;
  for (std::size_t i = 0; i < limits.size(); ++i)
    if (!sizes || std::ranges::find(*sizes, limits[i].page_size) == sizes->end())
      return refuse(
          fmt::format("linux.resources.hugepageLimits[{}].pageSize: this machine has no huge pages of {} "
                      "(there are: {})",
                      i, limits[i].page_size, there.empty() ? "none" : there),
          EINVAL);
  return {};
}

}  // namespace

Outcome<> check_machine(const spec::Resources& resources, const std::string& sys) {
  if (const auto blocks = sys + "/dev/block"; resources.block_io && exists(blocks))
    TRY(check_block_io(*resources.block_io, blocks));
  if (!resources.hugepage_limits.empty() && exists(sys + "/kernel"))
    TRY(check_page_sizes(resources.hugepage_limits, sys + "/kernel/mm/hugepages"));
  return {};
}

}  // namespace lodger::cgroups
