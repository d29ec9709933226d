// Who runs lodger, and what the kernel lets them do: root of the host, an ordinary user, or root of a user
// namespace that somebody made before (rootless engines).
#pragma once
#include <vector>

#include "kernel/failure.hpp"
#include "spec/config.hpp"

namespace lodger::plan {

struct Caller {
  unsigned uid = 0, gid = 0;
  bool privileged = true;          // CAP_SYS_ADMIN in the first user namespace: root of the host
  bool in_user_namespace = false;  // lodger itself is not in the first one
  bool administrator = true;       // CAP_SYS_ADMIN where it is
  bool owns_mounts = true;         // may copy the mounts of its mount namespace
  bool groups_denied = false;      // setgroups(2): user_namespaces(7), "/proc/pid/setgroups"
};

/// Asks the kernel: two calls for root of the host. Fails where /proc is missing.
Outcome<Caller> look_at_caller();

/// Whether the map is of this one id, which the kernel lets its user write.
bool maps_only(const std::vector<spec::IdMapping>& map, unsigned id);

/// Whether the container's processes cannot change their supplementary groups: they have the caller's.
bool keeps_groups(const spec::Linux& linux, const Caller& caller);

/// Refuses, before anything is made, what the kernel denies to this caller.
Outcome<> check(const spec::Config& config, const Caller& caller);

/// Refuses to work with rights that the caller did not have before (a set-user-ID lodger, file capabilities):
/// nothing here is written to withstand the environment and the paths of a less privileged user.
Outcome<> check_not_elevated();

}  // namespace lodger::plan
