// The clauses of one entry of "mounts". Source: runtime-spec 1.3, config.md, "Mounts".
#include <fmt/core.h>

#include "spec/clauses.hpp"
#include "spec/json.hpp"
#include "spec/options.hpp"

namespace lodger::spec {

namespace {

bool is_bind(const MountFlags& flags) { return flags.bind || flags.recursive_bind; }

/// A type is a dummy for a bind mount and for a change of an existing one, and needed for all others.
Outcome<> type(const Mount& mount) {
  const MountFlags flags = mount_flags(mount);
  if (!mount.type.empty() || is_bind(flags) || flags.remount || flags.propagation) return {};
  return refuse(".type: missing, and the options have neither \"bind\" nor \"rbind\"");
}

Outcome<> source(const Mount& mount) {
  if (!mount.source.empty() || !is_bind(mount_flags(mount))) return {};
  return refuse(".source: missing, and a bind mount needs one");
}

/// They speak of the source, and only a bind mount has one with a name on this host.
Outcome<> symlinks(const Mount& mount) {
  const MountFlags flags = mount_flags(mount);
  if (is_bind(flags) || (!flags.copy_symlink && !flags.source_nofollow)) return {};
  return refuse(fmt::format(".options: {} is about the source of a bind mount, and this is none",
                            flags.copy_symlink ? "copy-symlink" : "src-nofollow"));
}

Outcome<> copy_up(const Mount& mount) {
  if (mount.type == "tmpfs" || !mount_flags(mount).copy_up) return {};
  return refuse(fmt::format(".options: tmpcopyup fills a tmpfs, and the type is {}", quoted(mount.type)));
}

Outcome<> mappings(const Mount& mount) {
  if (mount.uid_mappings.empty() == mount.gid_mappings.empty()) return {};
  return refuse(mount.uid_mappings.empty() ? ".uidMappings: missing beside gidMappings"
                                           : ".gidMappings: missing beside uidMappings");
}

constexpr Clause<Mount> clauses[] = {mappings, type, source, symlinks, copy_up};

}  // namespace

std::span<const Clause<Mount>> mount_clauses() { return clauses; }

}  // namespace lodger::spec
