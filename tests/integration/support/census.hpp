// What a container can leave behind on the host, looked for by the name of its bundle.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace lodger::test {

/// Mounts of this mount namespace and cgroups that carry `name`, one description each. Processes are found by
/// their cgroup.
std::vector<std::string> traces_of(const std::string& name);
/// Kills and removes what traces_of() found in cgroups, so that one failed test does not spoil the next.
void clear_away(const std::string& name);
/// True when there is no such process, or only its zombie.
bool is_gone(pid_t pid);
/// The cgroup folders of `name`, one for each hierarchy that has it.
std::vector<std::string> cgroup_folders(const std::string& name);

}  // namespace lodger::test
