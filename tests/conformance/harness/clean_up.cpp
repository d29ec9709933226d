#include "clean_up.hpp"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "files.hpp"
#include "trial.hpp"

namespace conformance {
namespace {

/// Folders of cgroups below `path` and itself, the deepest first.
void collect(const std::string& path, std::vector<std::string>& out) {
  for (const auto& name : names_in(path))
    if (exists(path + "/" + name + "/cgroup.procs")) collect(path + "/" + name, out);
  out.push_back(path);
}

void empty_cgroup(const std::string& path) {
  try {  // a frozen process does not die: cgroups(7)
    if (exists(path + "/freezer.state")) write_file(path + "/freezer.state", "THAWED");
    if (exists(path + "/cgroup.freeze")) write_file(path + "/cgroup.freeze", "0");
  } catch (const std::exception&) {
  }
  for (const auto& pid : lines(read_file(path + "/cgroup.procs")))
    if (const pid_t number = static_cast<pid_t>(std::atol(pid.c_str())); number > 1) kill(number, SIGKILL);
}

void kill_children() {
  const std::string list = "/proc/self/task/" + std::to_string(getpid()) + "/children";
  for (int round = 0; round < 1000; ++round) {
    for (const auto& pid : words(read_file(list))) kill(static_cast<pid_t>(std::atol(pid.c_str())), SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (waitpid(-1, nullptr, WNOHANG) < 0) return;  // ECHILD: no child is left
    pause_briefly();
  }
}

/// What the runtime mounted in our own namespace, the newest first.
void unmount_below(const std::string& folder) {
  const auto mounts = lines(read_file("/proc/self/mountinfo"));
  for (auto line = mounts.rbegin(); line != mounts.rend(); ++line)
    if (const auto fields = words(*line); fields.size() > 4 && fields[4].starts_with(folder + "/"))
      umount2(fields[4].c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

void remove_cgroup_tree(const std::string& top) {
  std::vector<std::string> folders;
  collect(top, folders);
  for (const auto& folder : folders) empty_cgroup(folder);
  kill_children();
  for (const auto& folder : folders)
    eventually([&] { return rmdir(folder.c_str()) == 0 || !exists(folder); }, milliseconds(1000));
}

}  // namespace

void remove_cgroups(const Run& run, const std::string& below) {
  for (const Hierarchy& hierarchy : run.machine.cgroups) {
    const std::string top = hierarchy.path + run.cgroup;
    if (below.empty() && exists(top)) remove_cgroup_tree(top);
    for (const auto& name : names_in(top))
      if (!below.empty() && (name + "-").starts_with(below)) remove_cgroup_tree(top + "/" + name);
  }
}

void clean_up(const Run& run, std::size_t index) {
  const std::string folder = run.case_folder(index), state = folder + "/state";
  for (const auto& id : names_in(state))
    run_command({run.runtime, "--root", state, "delete", "--force", id}, {.limit = milliseconds(5'000)});
  kill_children();
  // the names that Trial gives its containers' cgroups
  remove_cgroups(run, run.cgroup.substr(1) + "-" + std::to_string(index) + "-");
  unmount_below(folder);
  remove_tree(folder);
}

}  // namespace conformance
