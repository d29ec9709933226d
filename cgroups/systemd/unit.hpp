// The unit that a container is to systemd: its name, its slice, and the cgroup that follows from both. Pure.
// Source: systemd.slice(5), systemd.scope(5); the form of cgroupsPath is runc's, which Kubernetes writes.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/systemd/value.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups::systemd {

struct Unit {
  std::string name;                  // "lodger-c1.scope"
  std::string slice;                 // "system.slice"
  std::string description;           // for people: "systemctl status"
  std::string subgroup;              // the container's cgroup below the scope's; empty: the scope's own
  bool user = false;                 // of the calling user's manager, not of the machine's
  std::vector<Property> properties;  // of annotations
};

/// A container's unit from linux.cgroupsPath, "slice:prefix:name", of which an empty slice is the default one
/// and an empty prefix is left out; an empty text stands for ":lodger:<id>". The annotations
/// "org.systemd.property.NAME" (annotations.hpp) are properties of it; "run.oci.systemd.subgroup" names, as
/// with crun, a cgroup below the scope. Refuses what systemd would not take for a name.
Outcome<Unit> parse_unit(std::string_view cgroups_path, std::string_view id, bool user,
                         const std::map<std::string, std::string>& annotations);

/// "a-b.slice" lies in "a.slice": "/a.slice/a-b.slice". "-.slice" is the top: "".
Outcome<std::string> expand_slice(std::string_view slice);

/// The cgroup of the container below the manager's own, "/system.slice/lodger-c1.scope", as far as it can be
/// known before systemd makes it.
Outcome<std::string> path_of(const Unit& unit);

}  // namespace lodger::cgroups::systemd
