// newuidmap(1) and newgidmap(1): set-user-ID programs that write, for an ordinary user, maps of the ids which
// subuid(5) and subgid(5) give to that user.
#pragma once
#include <sys/types.h>

#include <vector>

#include "kernel/failure.hpp"
#include "runtime/plan/caller.hpp"
#include "spec/config.hpp"

namespace lodger::launch {

struct IdHelper {
  const char* program;   // absolute: never looked for in the caller's PATH
  const char* property;  // of config.json's linux object
  const char* list;      // who may map what
  unsigned plan::Caller::*own;
};
inline constexpr IdHelper user_helper{"/usr/bin/newuidmap", "uidMappings", "/etc/subuid", &plan::Caller::uid};
inline constexpr IdHelper group_helper{"/usr/bin/newgidmap", "gidMappings", "/etc/subgid",
                                       &plan::Caller::gid};

/// Refuses, before anything is made, what no helper is there for.
Outcome<> check_helpers(const spec::Linux& linux, const plan::Caller& caller);

/// The failure has the helper's own words, and the line that its list lacks.
Outcome<> map_by_helper(const IdHelper& helper, pid_t pid, const std::vector<spec::IdMapping>& map,
                        const plan::Caller& caller);

}  // namespace lodger::launch
