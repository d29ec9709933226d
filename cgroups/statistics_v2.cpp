#include <limits>

#include "cgroups/files.hpp"
#include "cgroups/statistics_files.hpp"

namespace lodger::cgroups {
namespace {

constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();

class V2 : public Figures {
 public:
  using Figures::Figures;

  CpuStatistics cpu() const {
    CpuStatistics out;
    auto parts = flat_keyed(text("cpu", "cpu.stat"));  // microseconds
    out.total = parts["usage_usec"] * 1000;
    out.user = parts["user_usec"] * 1000;
    out.kernel = parts["system_usec"] * 1000;
    out.periods = parts["nr_periods"];
    out.throttled_periods = parts["nr_throttled"];
    out.throttled_time = parts["throttled_usec"] * 1000;
    out.pressure = pressure("cpu");
    return out;
  }

  CpusetStatistics cpuset() const { return cpuset_lists(); }

  MemoryStatistics memory() const {
    MemoryStatistics out;
    out.raw = flat_keyed(text("memory", "memory.stat"));
    out.cache = out.raw.contains("file") ? out.raw.at("file") : 0;
    auto events = flat_keyed(text("memory", "memory.events"));
    out.memory = {number("memory", "memory.max"), number("memory", "memory.current"),
                  number("memory", "memory.peak"), events["max"]};
    out.swap = with_memory({number("memory", "memory.swap.max"), number("memory", "memory.swap.current"), 0,
                            flat_keyed(text("memory", "memory.swap.events"))["max"]},
                           out.memory);
    out.oom_kills = events["oom_kill"];
    out.pressure = pressure("memory");
    return out;
  }

  /// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6", told apart as v1's files do.
  BlockIoStatistics block_io() const {
    BlockIoStatistics out;
    each_part(text("io", "io.stat"), '\n', [&](std::string_view line) { add_device(out, line); });
    out.pressure = pressure("io");
    return out;
  }

  std::optional<Usage> hugepages(const std::string& size) const {
    const auto account = hugepage_account(size, ".current");
    if (!account) return std::nullopt;
    auto events = flat_keyed(text("hugetlb", "hugetlb." + size + ".events"));  // of both accounts
    return Usage{number("hugetlb", *account + ".max"), number("hugetlb", *account + ".current"), 0,
                 events["max"]};
  }

 private:
  /// cgroup2 counts swap alone; callers of v1's figures expect the sum. The two peaks need not have been at
  /// one time, so that there is none of the sum.
  static Usage with_memory(Usage swap, const Usage& memory) {
    swap.usage += memory.usage;
    swap.limit = swap.limit == unlimited || memory.limit == unlimited ? unlimited : swap.limit + memory.limit;
    return swap;
  }
  static void add_device(BlockIoStatistics& out, std::string_view line) {
    const auto device = line.substr(0, line.find(' '));
    const auto colon = device.find(':');
    if (colon == device.npos) return;
    each_part(line, ' ', [&](std::string_view word) {
      const auto name = word.substr(0, word.find('='));
      if (name.size() == word.size()) return;
      const char* operation = name.front() == 'r' ? "Read" : name.front() == 'w' ? "Write" : "Discard";
      const BlockIoEntry entry{number_in(device.substr(0, colon)), number_in(device.substr(colon + 1)),
                               operation, number_in(word.substr(name.size() + 1))};
      if (name == "rbytes" || name == "wbytes" || name == "dbytes") out.service_bytes.push_back(entry);
      if (name == "rios" || name == "wios" || name == "dios") out.serviced.push_back(entry);
    });
  }
};

}  // namespace

Statistics statistics_v2(const Files& files, const std::vector<std::string>& page_sizes) {
  return gathered(V2(files), page_sizes);
}

}  // namespace lodger::cgroups
