#include "census.hpp"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "bundle.hpp"
#include "command.hpp"
#include "proc.hpp"

namespace lodger::test {
namespace {

/// Where hierarchies are mounted: the folders of /sys/fs/cgroup (v1, hybrid), and itself (v2).
std::vector<std::string> hierarchies() {
  std::vector<std::string> out = {"/sys/fs/cgroup"};
  DIR* dir = opendir("/sys/fs/cgroup");
  if (dir == nullptr) return out;
  while (const dirent* entry = readdir(dir))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      out.push_back(std::string("/sys/fs/cgroup/") + entry->d_name);
  closedir(dir);
  return out;
}

}  // namespace

std::vector<std::string> cgroup_folders(const std::string& name) {
  std::vector<std::string> out;
  for (const auto& hierarchy : hierarchies())
    if (const std::string folder = hierarchy + "/lodger-test/" + name; access(folder.c_str(), F_OK) == 0)
      out.push_back(folder);
  return out;
}

std::vector<std::string> traces_of(const std::string& name) {
  std::vector<std::string> left;
  for (const auto& mount : mountinfo(getpid()))
    if (mount.point.find(name + "/") != std::string::npos || mount.root.find(name + "/") != std::string::npos)
      left.push_back("mount " + mount.point);
  for (const auto& folder : cgroup_folders(name)) left.push_back("cgroup " + folder);
  return left;
}

void clear_away(const std::string& name) {
  for (const auto& folder : cgroup_folders(name)) {
    std::istringstream pids(read_file(folder + "/cgroup.procs"));
    for (pid_t pid = 0; pids >> pid;)
      if (pid != getpid()) kill(pid, SIGKILL);
    eventually([&] { return rmdir(folder.c_str()) == 0; }, std::chrono::seconds(2));
  }
}

bool is_gone(pid_t pid) {
  const std::string state = proc_status(pid, "State");
  return state.empty() || state.starts_with("Z") || state.starts_with("X");
}

}  // namespace lodger::test
