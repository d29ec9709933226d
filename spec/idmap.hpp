// Id-mapped mounts: which ids a mount shows in place of those that its filesystem holds.
// Source: runtime-spec 1.3, config.md, "Mounts" and "Linux mount options" (idmap, ridmap); crun(1), "idmap
// mount options", whose form engines use; containerd, core/mount/mount_idmapped_linux.go;
// mount_setattr(2), "ID-mapped mounts".
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::spec {

/// In each line `container_id` is the id on the filesystem, `host_id` the one that the host sees through the
/// mount.
struct IdMap {
  std::vector<IdMapping> uids, gids;
  bool recursive = false;         // ridmap: everything below the mount as well
  bool joined_namespace = false;  // the map is that of the user namespace at linux.namespaces[].path
};

/// The map that a mount asks for, or none. The option's own text ("idmap=uids=0-1-10#10-11-10;gids=0-100-10",
/// with "@" before a line whose second number is an id of the container's user namespace) or the mount's
/// mappings, else those of the container's user namespace. A line that spans several of the user namespace's
/// is cut in pieces. Errors start at the member (".options: ..."): the caller names the mount.
Outcome<std::optional<IdMap>> id_map(const Mount& mount, const Config& config);

/// The lines of one side of a map in containerd's words, "0:100000:65536,65536:7:1": the id on the
/// filesystem, the host's id, how many. `name` is what failures begin with.
Outcome<std::vector<IdMapping>> colon_map(std::string_view name, std::string_view text);

/// As uid_map and gid_map of procfs take it: user_namespaces(7).
std::string map_text(const std::vector<IdMapping>& mappings);

}  // namespace lodger::spec
