// The forms that control files have.
#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <limits>

#include "cgroups/files.hpp"
#include "cgroups/statistics_files.hpp"

namespace lodger::cgroups {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  each_part(line, ' ', [&](std::string_view word) { words.push_back(word); });
  return words;
}

/// "avg10=1.50" and its like, of which the last is whole.
Stall stall_in(std::string_view line) {
  Stall stall;
  each_part(line, ' ', [&](std::string_view word) {
    const auto name = word.substr(0, word.find('='));
    if (name.size() == word.size()) return;
    const std::string value(word.substr(name.size() + 1));
    const auto fraction = [&] { return std::strtod(value.c_str(), nullptr); };
    if (name == "avg10") stall.avg10 = fraction();
    if (name == "avg60") stall.avg60 = fraction();
    if (name == "avg300") stall.avg300 = fraction();
    if (name == "total") stall.total = number_in(value);
  });
  return stall;
}

}  // namespace

std::uint64_t Figures::number(std::string_view controller, const std::string& file) const {
  return number_in(text(controller, file));
}

std::optional<Pressure> Figures::pressure(const std::string& what) const {
  const auto found = files_(what, what + ".pressure");
  return found ? std::optional(pressure_in(*found)) : std::nullopt;
}

/// Without the controller on cgroup2, the processes of the cgroup alone are counted.
PidsStatistics Figures::pids() const {
  const auto limit = text("pids", "pids.max");
  const auto current = files_("pids", "pids.current");
  if (current) return {number_in(*current), limit == "max" ? 0 : number_in(limit)};
  PidsStatistics out;
  each_part(text("pids", "cgroup.procs"), '\n', [&](std::string_view) { ++out.current; });
  return out;
}

std::optional<std::string> Figures::hugepage_account(const std::string& size, const char* usage) const {
  for (const char* account : {".rsvd", ""})
    if (auto prefix = fmt::format("hugetlb.{}{}", size, account); files_("hugetlb", prefix + usage))
      return prefix;
  return std::nullopt;
}

CpusetStatistics Figures::cpuset_lists() const {
  CpusetStatistics out;
  out.cpus = list_in(text("cpuset", "cpuset.cpus"));
  out.mems = list_in(text("cpuset", "cpuset.mems"));
  return out;
}

std::uint64_t number_in(std::string_view text) {
  if (text == "max") return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::map<std::string, std::uint64_t> flat_keyed(std::string_view text) {
  std::map<std::string, std::uint64_t> out;
  each_part(text, '\n', [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() == 2) out.emplace(words[0], number_in(words[1]));
  });
  return out;
}

std::vector<std::uint64_t> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> out;
  each_part(text, ' ', [&](std::string_view word) { out.push_back(number_in(word)); });
  return out;
}

std::vector<std::uint16_t> list_in(std::string_view text) {
  std::vector<std::uint16_t> out;
  each_part(text, ',', [&](std::string_view range) {
    std::uint16_t first = 0, last = 0;
    const auto* end = range.data() + range.size();
    const auto one = std::from_chars(range.data(), end, first);
    if (one.ec != std::errc{}) return;
    last = first;
    if (one.ptr != end && std::from_chars(one.ptr + 1, end, last).ec != std::errc{}) return;
    for (std::uint32_t i = first; i <= last; ++i) out.push_back(static_cast<std::uint16_t>(i));
  });
  return out;
}

Pressure pressure_in(std::string_view text) {
  Pressure pressure;
  each_part(text, '\n', [&](std::string_view line) {
    if (line.starts_with("some ")) pressure.some = stall_in(line);
    if (line.starts_with("full ")) pressure.full = stall_in(line);
  });
  return pressure;
}

std::vector<BlockIoEntry> block_io_in(std::string_view text) {
  std::vector<BlockIoEntry> out;
  each_part(text, '\n', [&](std::string_view line) {
    const auto words = words_of(line);
    const auto colon = words.empty() ? line.npos : words[0].find(':');
    if (colon == line.npos || words.size() < 2 || words.size() > 3) return;
    out.push_back({number_in(words[0].substr(0, colon)), number_in(words[0].substr(colon + 1)),
                   words.size() == 3 ? std::string(words[1]) : "", number_in(words.back())});
  });
  return out;
}

std::string page_size_of(std::string_view folder) {
  constexpr std::string_view prefix = "hugepages-";
  if (!folder.starts_with(prefix) || !folder.ends_with("kB")) return "";
  std::uint64_t size = number_in(folder.substr(prefix.size()));
  std::size_t unit = 0;
  for (; size >= 1024 && unit < 2; ++unit) size /= 1024;
  return fmt::format("{}{}B", size, "KMG"[unit]);
}

}  // namespace lodger::cgroups
