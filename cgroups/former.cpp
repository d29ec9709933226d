#include "cgroups/former.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "cgroups/files.hpp"

namespace lodger::cgroups {
namespace {

std::string_view first_word(std::string_view line) { return line.substr(0, line.find(' ')); }

/// Files of one line per device or name, of which a write changes one.
bool is_keyed(std::string_view file) {
  return file.starts_with("blkio.throttle.") || file.ends_with("weight_device") || file == "io.max" ||
         file == "io.latency" || file == "io.weight" || file == "io.bfq.weight" || file == "rdma.max" ||
         file == "misc.max" || file == "dmem.max" || file == "net_prio.ifpriomap";
}

/// What a device has that stands in no line.
std::optional<std::string> unset(std::string_view file, std::string_view key) {
  if (file == "io.max") return fmt::format("{} rbps=max wbps=max riops=max wiops=max", key);
  if (file == "io.latency") return fmt::format("{} target=max", key);
  // BFQ's v1 file reads no weight of 0 (ERANGE), other than those of v1's throttles.
  if (file == "io.weight" || file.find(".bfq.weight") != file.npos) return fmt::format("{} default", key);
  if (file.starts_with("blkio.")) return fmt::format("{} 0", key);
  return std::nullopt;
}

std::optional<std::string> former_line(const Setting& setting, std::string_view before) {
  const auto key = first_word(setting.value);
  std::optional<std::string> found;
  each_part(before, '\n', [&](std::string_view line) {
    if (first_word(line) == key) found = std::string(line);
  });
  return found ? found : unset(setting.file, key);
}

}  // namespace

std::optional<std::string> former_value(const Setting& setting, std::string_view before) {
  if (is_keyed(setting.file)) return former_line(setting, before);
  if (setting.file == "memory.oom_control") {  // "oom_kill_disable 0", and lines that cannot be written
    constexpr std::string_view name = "oom_kill_disable ";
    const auto at = before.find(name);
    return at == before.npos ? std::nullopt : std::optional(std::string(before.substr(at + name.size(), 1)));
  }
  if (before.empty()) return "\n";  // an empty list, such as cpuset.cpus; a write of nothing would be none
  if (before.find('\n') != before.npos) return std::nullopt;
  return std::string(before);
}

std::vector<Setting> former_devices(std::string_view list) {
  std::vector<Setting> settings;
  if (list.starts_with("a ")) return settings;
  settings.push_back({"devices", "devices.deny", "a", false, false, {}, {}});
  each_part(list, '\n', [&](std::string_view line) {
    settings.push_back({"devices", "devices.allow", std::string(line), false, false, {}, {}});
  });
  return settings;
}

/// An idle cgroup has no weight, and afterwards that of a new one: what it had is written behind cpu.idle.
void add_weights(const Folder& folder, std::vector<Setting>& former) {
  for (const char* file : {"cpu.shares", "cpu.weight"})
    if (auto text = read_text(folder.parent.get(), folder.entry(file)))
      former.push_back({"cpu", file, std::move(*text), false, false, {}, {}});
}

/// Up to Linux 6.9 a set of a cgroup with processes cannot be emptied again, but hold all that its parent
/// has. Stands before the write of nothing that newer ones take. `former` is turned round in the end.
void add_whole_set(const Setting& s, const Folder& folder, std::vector<Setting>& former) {
  if (auto text = read_text(folder.parent.get(), s.file + ".effective"))
    former.push_back({"cpuset", s.file, std::move(*text), false, false, {}, {}});
}

std::vector<Setting> former_settings(const std::vector<Setting>& settings, const Places& places) {
  std::vector<Setting> former, devices;
  for (const auto& s : settings) {
    const Folder* folder = places.find(s.controller);
    if (!folder) continue;
    const auto text_of = [&](const std::string& file) {
      return read_text(folder->parent.get(), folder->entry(file));
    };
    if (s.controller == "devices") {
      if (devices.empty()) devices = former_devices(text_of("devices.list").value_or("a "));
      continue;
    }
    if (s.file == "cpu.idle") add_weights(*folder, former);
    auto written = s;
    auto text = text_of(s.file);
    if (!text && !s.other_file.empty()) {
      written.file = s.other_file;
      written.value = s.other_value;
      text = text_of(s.other_file);
    }
    if (!text) continue;
    if (auto value = former_value(written, *text))
      former.push_back({s.controller, written.file, std::move(*value), false, false, {}, {}});
    if (s.controller == "cpuset" && text->empty()) add_whole_set(s, *folder, former);
  }
  std::ranges::reverse(former);
  former.insert(former.end(), devices.begin(), devices.end());
  return former;
}

}  // namespace lodger::cgroups
