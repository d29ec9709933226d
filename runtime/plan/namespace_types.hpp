// What the kernel and users call each type of namespace: one row a type. namespaces(7).
#pragma once
#include <linux/sched.h>

#include <array>
#include <cstdint>

#include "spec/linux.hpp"

namespace lodger::plan {

struct NamespaceWords {
  spec::NamespaceType type;
  std::uint32_t clone_flag;
  const char* name;  // as config.json has it
  const char* own;   // the runtime's own
};

inline constexpr std::array<NamespaceWords, 8> namespace_types{{
    {spec::NamespaceType::pid, CLONE_NEWPID, "pid", "/proc/self/ns/pid"},
    {spec::NamespaceType::network, CLONE_NEWNET, "network", "/proc/self/ns/net"},
    {spec::NamespaceType::mount, CLONE_NEWNS, "mount", "/proc/self/ns/mnt"},
    {spec::NamespaceType::ipc, CLONE_NEWIPC, "ipc", "/proc/self/ns/ipc"},
    {spec::NamespaceType::uts, CLONE_NEWUTS, "uts", "/proc/self/ns/uts"},
    {spec::NamespaceType::user, CLONE_NEWUSER, "user", "/proc/self/ns/user"},
    {spec::NamespaceType::cgroup, CLONE_NEWCGROUP, "cgroup", "/proc/self/ns/cgroup"},
    {spec::NamespaceType::time, CLONE_NEWTIME, "time", "/proc/self/ns/time"},
}};

/// The row of a type: the rows stand in the order of the enum.
constexpr const NamespaceWords& words_of(spec::NamespaceType type) {
  return namespace_types[static_cast<std::size_t>(type)];
}
static_assert([] {
  for (const auto& row : namespace_types)
    if (&words_of(row.type) != &row) return false;
  return true;
}());

}  // namespace lodger::plan
