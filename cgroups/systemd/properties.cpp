#include "cgroups/systemd/properties.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "cgroups/files.hpp"
#include "cgroups/systemd/device_allow.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr auto infinity = std::numeric_limits<std::uint64_t>::max();  // systemd's word for no limit

/// "max", and v1's "-1".
std::optional<std::uint64_t> limit_in(std::string_view text) {
  if (text == "max" || text == "-1") return infinity;
  return spec::whole_number<std::uint64_t>(text);
}

std::optional<Value> limit(std::string_view text) {
  const auto found = limit_in(text);
  return found ? std::optional(number(*found)) : std::nullopt;
}

/// systemd has no word for a limit of nothing at all: the file alone has it.
std::optional<Value> positive_limit(std::string_view text) {
  const auto found = limit_in(text);
  return found && *found > 0 ? std::optional(number(*found)) : std::nullopt;
}

/// In the kernel's bounds (sched_group_set_shares()), which systemd insists on.
std::optional<Value> shares(std::string_view text) {
  constexpr std::uint64_t least = 2, most = 262144;
  const auto found = limit_in(text);
  return found ? std::optional(number(std::clamp(*found, least, most))) : std::nullopt;
}

/// "default 500", and "500"; a line for one device is none.
std::optional<Value> default_weight(std::string_view text) {
  if (text.starts_with("default ")) text.remove_prefix(8);
  return limit(text);
}

/// A list of processors or memory nodes, "0-2,7", as the bits of bytes: bit 0 of the first is number 0.
std::optional<Value> bit_mask(std::string_view list) {
  constexpr unsigned most = 8192;  // CONFIG_NR_CPUS at its largest
  std::vector<std::uint8_t> mask;
  bool right = true;
  if (list == "\n") list = "";  // what empties the file
  each_part(list, ',', [&](std::string_view range) {
    const auto dash = range.find('-');
    const auto first = spec::whole_number<unsigned>(range.substr(0, dash));
    const auto last = dash == range.npos ? first : spec::whole_number<unsigned>(range.substr(dash + 1));
    right = right && first && last && *first <= *last && *last < most;
    for (unsigned i = right ? *first : 1; right && i <= *last; ++i) {
      if (mask.size() <= i / 8) mask.resize(i / 8 + 1);
      mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | 1U << i % 8);
    }
  });
  return right ? std::optional(bytes(mask)) : std::nullopt;
}

/// One file, one property.
struct Row {
  std::string_view file, property;
  std::optional<Value> (*value)(std::string_view);
  int since = 0;  // systemd's release
};
constexpr Row rows[] = {
    {"memory.max", "MemoryMax", positive_limit},
    {"memory.high", "MemoryHigh", positive_limit},
    {"memory.low", "MemoryLow", limit},
    {"memory.min", "MemoryMin", limit},
    {"memory.swap.max", "MemorySwapMax", limit},
    {"cpu.weight", "CPUWeight", limit},
    {"cpuset.cpus", "AllowedCPUs", bit_mask, 244},
    {"cpuset.mems", "AllowedMemoryNodes", bit_mask, 244},
    {"io.weight", "IOWeight", default_weight},
    {"pids.max", "TasksMax", positive_limit},
    {"memory.limit_in_bytes", "MemoryLimit", positive_limit},
    {"cpu.shares", "CPUShares", shares},
    {"blkio.bfq.weight", "BlockIOWeight", limit},
};

/// The last word on a property counts, as with the files.
void put(std::vector<Property>& properties, Property property) {
  std::erase_if(properties, [&](const Property& other) { return other.name == property.name; });
  properties.push_back(std::move(property));
}

/// Microseconds of processor time in a second. systemd counts in whole percents: to the next one, since the
/// files have the exact figure, and a unit's own must not be below it.
std::uint64_t per_second(std::uint64_t quota, std::uint64_t period) {
  constexpr std::uint64_t second = 1'000'000, percent = 10'000;
  const auto exact = static_cast<unsigned __int128>(quota) * second / period;
  const auto rounded = (exact + percent - 1) / percent * percent;
  return rounded >= infinity ? infinity : static_cast<std::uint64_t>(rounded);
}

/// v1 has two files for what cpu.max says in one.
struct Bandwidth {
  std::optional<std::uint64_t> quota, period;

  void take(const Setting& s) {
    if (s.file == "cpu.cfs_quota_us") quota = limit_in(s.value);
    if (s.file == "cpu.cfs_period_us") period = limit_in(s.value);
    if (s.file != "cpu.max") return;
    const auto blank = std::min(s.value.find(' '), s.value.size());
    quota = limit_in(std::string_view(s.value).substr(0, blank));
    if (blank < s.value.size()) period = limit_in(std::string_view(s.value).substr(blank + 1));
  }
  void tell(std::vector<Property>& properties) const {
    constexpr std::uint64_t usual_period = 100'000;
    constexpr int knows_period = 242;
    if (period && *period) put(properties, {"CPUQuotaPeriodUSec", number(*period), knows_period});
    if (!quota) return;
    const auto share = *quota == infinity ? infinity : per_second(*quota, period.value_or(usual_period));
    put(properties, {"CPUQuotaPerSecUSec", number(share)});
  }
};

/// systemd's word for cpu.idle is a weight of zero; an idle cgroup that is none any more has the weight of a
/// new one (sched_group_set_idle()).
void add_idle(std::vector<Property>& properties, std::string_view idle) {
  constexpr int knows_idle = 252;
  constexpr std::uint64_t new_weight = 100;
  const bool weighted = std::ranges::find(properties, "CPUWeight", &Property::name) != properties.end();
  if (idle == "1") put(properties, {"CPUWeight", number(0), knows_idle});
  if (idle == "0" && !weighted) put(properties, {"CPUWeight", number(new_weight), knows_idle});
}

void add(std::vector<Property>& properties, const Setting& s) {
  if (s.file == "cpu.idle") return add_idle(properties, s.value);
  for (const auto& row : rows) {
    const bool other = row.file == s.other_file;
    if (row.file != s.file && !other) continue;
    if (auto value = row.value(other ? s.other_value : s.value))
      put(properties, {std::string(row.property), std::move(*value), row.since});
  }
}

}  // namespace

std::vector<Property> limits_of(const std::vector<Setting>& settings, std::string_view proc_devices) {
  std::vector<Property> properties;
  Bandwidth bandwidth;
  for (const auto& s : settings) {
    bandwidth.take(s);
    add(properties, s);
  }
  bandwidth.tell(properties);
  for (auto& property : device_policy(settings, proc_devices)) properties.push_back(std::move(property));
  return properties;
}

std::vector<Property> scope_of(const Unit& unit, pid_t pid, std::vector<Property> limits) {
  std::vector<Property> all{
      {"Description", string(unit.description)},
      {"Slice", string(unit.slice)},
      {"Delegate", flag(true)},
      {"PIDs", array("u", {{"u", std::to_string(pid), {}}})},
      {"MemoryAccounting", flag(true)},
      {"CPUAccounting", flag(true)},
      {"IOAccounting", flag(true)},
      {"TasksAccounting", flag(true)},
      // Whoever made the container ends it, not the stop of the machine's ordinary services.
      {"DefaultDependencies", flag(false)},
      // A scope whose process was killed for want of memory has failed, and would stay listed.
      {"CollectMode", string("inactive-or-failed")},
  };
  for (auto& property : limits) put(all, std::move(property));
  for (const auto& property : unit.properties) put(all, property);
  return all;
}

}  // namespace lodger::cgroups::systemd
