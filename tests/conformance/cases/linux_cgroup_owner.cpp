// config-linux.md, "Cgroup ownership": when a container's cgroup is its user's, and which of its files.
#include <sys/stat.h>

#include <algorithm>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

constexpr std::string_view only_where_mounted =
    "Runtimes SHOULD change the cgroup ownership if and only if the cgroup filesystem is to be mounted "
    "read/write";
constexpr std::string_view only_with_namespace =
    "A runtime SHOULD NOT change the ownership of a container cgroup unless it will also create a new cgroup "
    "namespace for the container.";

/// What the configuration has, and whose the cgroup then is. A user namespace maps 0 to 100000.
struct Situation {
  std::string_view name;
  bool space, mount;
  std::string_view option;
  bool mapped;
  unsigned owner;
  std::string_view text = only_where_mounted;
  Level level = Level::should;
};
constexpr std::array situations = {
    Situation{"mounted-read-write", true, true, "rw", false, 1000},
    Situation{"mounted-read-only", true, true, "ro", false, 0},
    Situation{"not-mounted", true, false, "", false, 0},
    Situation{"no-cgroup-namespace", false, true, "rw", false, 0, only_with_namespace},
    Situation{
        "mapped-user", true, true, "rw", true, 101000,
        "Runtimes MAY, according to the following rules, change (or cause to be changed) the owner of the "
        "container's cgroup to the host uid that maps to the value of `process.user.uid` in the "
        "container namespace",
        Level::may},
};

unsigned owner_of(const std::string& path) {
  struct stat now {};
  return stat(path.c_str(), &now) == 0 ? now.st_uid : ~0U;
}

void prepare(Container& box, const Situation& now) {
  box.config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
  if (now.space) namespace_entry(box.config, "cgroup");
  if (now.mount) {
    box.config["mounts"].push_back(mount_entry("/sys", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=755"}));
    box.config["mounts"].push_back(mount_entry("/sys/fs/cgroup", "cgroup", "cgroup",
                                               {"nosuid", "noexec", "nodev", std::string(now.option)}));
  }
  if (!now.mapped) return;
  namespace_entry(box.config, "user");
  for (const char* map : {"uidMappings", "gidMappings"})
    box.config["linux"][map] = {{{"containerID", 0}, {"hostID", 100000}, {"size", 65536}}};
}

void owner(Trial& t) {
  const Situation& now = situations[t.row()];
  Container& box = t.container();
  prepare(box, now);
  box.created();
  t.expect_eq("the owner of the cgroup", now.owner, owner_of(box.cgroup("")));
}

/// cgroups(7), "Cgroup delegation files"; the specification has a list of its own for where there is none.
std::vector<std::string> delegated() {
  const auto listed = lines(read_file("/sys/kernel/cgroup/delegate"));
  if (!listed.empty()) return listed;
  return {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};
}

void files(Trial& t, bool listed) {
  Container& box = t.container();
  prepare(box, situations[0]);
  box.created();
  const std::string folder = box.cgroup("");
  const auto handed = delegated();
  for (const auto& name : names_in(folder)) {
    if ((std::find(handed.begin(), handed.end(), name) != handed.end()) != listed) continue;
    t.expect_eq("the owner of " + name, listed ? 1000 : 0, owner_of(folder + "/" + name));
  }
}
void files_listed(Trial& t) { files(t, true); }
void files_not_listed(Trial& t) { files(t, false); }

void v1_unchanged(Trial& t) {
  Container& box = t.container();
  prepare(box, situations[0]);
  box.created();
  for (const Hierarchy& hierarchy : t.machine().cgroups) {
    if (hierarchy.v2 || hierarchy.controllers.empty()) continue;
    const std::string folder = hierarchy.path + box.config["linux"]["cgroupsPath"].get<std::string>();
    if (!exists(folder)) continue;
    t.expect_eq("the owner of " + folder, 0, owner_of(folder));
    t.expect_eq("the owner of its cgroup.procs", 0, owner_of(folder + "/cgroup.procs"));
  }
}

constexpr Clause clause(std::string_view text, Level level = Level::should) {
  return {"config-linux.md", "Cgroup ownership", level, text};
}

constexpr Case single[] = {
    {"linux-cgroup-owner/files-listed",
     clause(
         "Runtimes MUST NOT fail in this scenario, and SHOULD change the ownership of the listed files that "
         "do exist in the cgroup."),
     files_listed,
     {&needs::root, &needs::cgroup_v2}},
    {"linux-cgroup-owner/files-not-listed",
     clause("The runtime SHOULD NOT change the ownership of any other files."),
     files_not_listed,
     {&needs::root, &needs::cgroup_v2}},
    {"linux-cgroup-owner/v1-unchanged",
     clause("Runtimes SHOULD NOT change the ownership of container cgroups when cgroups v1 is in use."),
     v1_unchanged,
     {&needs::root, &needs::cgroup_v1}},
};
constexpr auto cases = joined(
    each(situations,
         {"linux-cgroup-owner/owner", clause(only_where_mounted), owner, {&needs::root, &needs::cgroup_v2}}),
    std::to_array(single));

}  // namespace

std::span<const Case> linux_cgroup_owner_cases() { return cases; }

}  // namespace conformance
