// From the texts of control files to statistics. Pure: the texts come through a function.
#pragma once
#include <functional>
#include <string_view>

#include "cgroups/statistics.hpp"

namespace lodger::cgroups {

/// The text of a controller's file without its last newline; nothing where there is no such file.
using Files = std::function<std::optional<std::string>(std::string_view controller, const std::string& file)>;

/// What reads the same on cgroup v1 and cgroup2; a file that is missing has no text, and 0 for a number.
class Figures {
 public:
  explicit Figures(const Files& files) : files_(files) {}
  PidsStatistics pids() const;

 protected:
  std::string text(std::string_view controller, const std::string& file) const {
    return files_(controller, file).value_or("");
  }
  std::uint64_t number(std::string_view controller, const std::string& file) const;
  /// None where the kernel does not measure it (booted with psi=0), and on v1 without a cgroup2 tree beside
  /// it.
  std::optional<Pressure> pressure(const std::string& what) const;
  /// The cpuset's lists alone.
  CpusetStatistics cpuset_lists() const;

  /// "hugetlb.2MB", or where the kernel counts reservations (5.7) "hugetlb.2MB.rsvd", as runc has it: they
  /// are what a process runs out of. `usage` ends the name of the file that tells. Nothing: no such pages
  /// here.
  std::optional<std::string> hugepage_account(const std::string& size, const char* usage) const;

  const Files& files_;
};

/// `From` is Figures with cpu(), cpuset(), memory(), block_io(), and hugepages(), of which sizes have none.
template <class From>
Statistics gathered(const From& from, const std::vector<std::string>& page_sizes) {
  Statistics out{from.cpu(), from.cpuset(), from.memory(), from.pids(), from.block_io(), {}};
  for (const auto& size : page_sizes)
    if (const auto usage = from.hugepages(size)) out.hugepages[size] = *usage;
  return out;
}

/// `page_sizes` as in the files' names ("2MB").
Statistics statistics_v1(const Files& files, const std::vector<std::string>& page_sizes);
Statistics statistics_v2(const Files& files, const std::vector<std::string>& page_sizes);

/// "max" is the largest number; what is no number is 0.
std::uint64_t number_in(std::string_view text);
/// Lines of a name and a number: memory.stat, cpu.stat, memory.events.
std::map<std::string, std::uint64_t> flat_keyed(std::string_view text);
/// Numbers apart by blanks.
std::vector<std::uint64_t> numbers_in(std::string_view text);
/// "0-2,7". Stops at what is no list.
std::vector<std::uint16_t> list_in(std::string_view text);
/// Lines of "some" and "full": cpu.pressure.
Pressure pressure_in(std::string_view text);
/// Lines such as "8:0 Read 4096" and "8:0 4096"; sums over all devices are left out.
std::vector<BlockIoEntry> block_io_in(std::string_view text);
/// "hugepages-2048kB", a folder of /sys/kernel/mm/hugepages, as cgroups name it: "2MB".
std::string page_size_of(std::string_view folder);

}  // namespace lodger::cgroups
