#include "proc.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <sstream>

#include "bundle.hpp"

namespace lodger::test {

std::string ns_id(pid_t pid, const std::string& name) {
  char target[128];
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  INFO(path);
  REQUIRE(n > 0);
  return {target, static_cast<std::size_t>(n)};
}

std::string proc_status(pid_t pid, const std::string& name) {
  std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + ":")) {
      const auto at = line.find_first_not_of(" \t", name.size() + 1);
      return at == std::string::npos ? "" : line.substr(at);
    }
  return "";
}

bool MountLine::has(const std::string& option) const {
  return ("," + options + ",").find("," + option + ",") != std::string::npos;
}

std::vector<MountLine> mountinfo(pid_t pid) {
  std::vector<MountLine> out;
  std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string skipped, word;
    MountLine mount;
    fields >> skipped >> skipped >> skipped >> mount.root >> mount.point >> mount.options;
    while (fields >> word && word != "-") mount.tags += (mount.tags.empty() ? "" : " ") + word;
    fields >> mount.type >> mount.source >> mount.super_options;
    out.push_back(mount);
  }
  return out;
}

MountLine mount_at(pid_t pid, const std::string& point) {
  const auto all = mountinfo(pid);
  std::string list;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    if (at->point == point) return *at;
    list += at->point + "\n";
  }
  FAIL("no mount at " << point << " but at:\n" << list);
  return {};
}

}  // namespace lodger::test
