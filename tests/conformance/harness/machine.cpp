#include "machine.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "files.hpp"

namespace conformance {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, by);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

/// proc(5), /proc/pid/mountinfo: fields up to " - ", then type, source and the super block's options.
void add_hierarchy(const std::string& line, std::vector<Hierarchy>& out) {
  const std::size_t dash = line.find(" - cgroup");
  if (dash == std::string::npos) return;
  const auto fields = split(line.substr(0, dash), ' ');
  const auto tail = split(line.substr(dash + 3), ' ');
  if (fields.size() < 5 || tail.size() < 3 || fields[3] != "/") return;
  Hierarchy found{.path = fields[4], .v2 = tail[0] == "cgroup2"};
  found.controllers =
      found.v2 ? split(trimmed(read_file(found.path + "/cgroup.controllers")), ' ') : split(tail[2], ',');
  std::erase_if(found.controllers, [](const auto& word) { return word == "rw" || word == "ro"; });
  out.push_back(std::move(found));
}

}  // namespace

bool Machine::kernel(int major, int minor) const {
  return kernel_major > major || (kernel_major == major && kernel_minor >= minor);
}

bool Machine::filesystem(std::string_view type) const {
  return std::find(filesystems.begin(), filesystems.end(), type) != filesystems.end();
}

const Hierarchy* Machine::controller(std::string_view name) const {
  for (const Hierarchy& h : cgroups)
    if (std::find(h.controllers.begin(), h.controllers.end(), name) != h.controllers.end()) return &h;
  return nullptr;
}

bool Machine::unified() const {
  return !cgroups.empty() &&
         std::all_of(cgroups.begin(), cgroups.end(), [](const Hierarchy& h) { return h.v2; });
}

Machine observe() {
  Machine machine{.uid = geteuid()};
  utsname names{};
  uname(&names);
  std::sscanf(names.release, "%d.%d", &machine.kernel_major, &machine.kernel_minor);
  for (const auto& line : lines(read_file("/proc/self/mountinfo"))) add_hierarchy(line, machine.cgroups);
  for (const auto& line : lines(read_file("/proc/filesystems")))
    machine.filesystems.push_back(line.substr(line.rfind('\t') + 1));
  return machine;
}

}  // namespace conformance
