// What the makers of a plan share: the configuration they read, the memory and the row they fill.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cgroups/layout.hpp"
#include "kernel/failures.hpp"
#include "netmode/publish.hpp"
#include "netmode/stack.hpp"
#include "runtime/plan/caller.hpp"
#include "runtime/plan/memory.hpp"
#include "runtime/plan/row.hpp"
#include "spec/config.hpp"

namespace lodger::plan {

/// What callers decide beside the configuration.
struct Wishes {
  std::string id;
  std::string bundle;  // absolute
  bool no_pivot = false, new_keyring = true;
  bool host_network = false;
  std::optional<netmode::Identity> network;          // the one that its entry's path has to lead to
  bool private_abstract = false;                     // the host's abstract sockets are out of reach
  std::optional<std::vector<netmode::Ports>> bind;   // the ports to bind, where Landlock keeps them
  unsigned preserve_fds = 0;                         // all of them, from descriptor 3 on
  bool tell_pid = false;                             // the process gets LISTEN_PID: sd_listen_fds(3)
  std::optional<kernel::Limit> callers_descriptors;  // RLIMIT_NOFILE, where ours was raised for the start
  const cgroups::Layout* layout = nullptr;
  std::string cgroup_path;  // empty: the container gets no cgroup of its own
  Caller caller;
};

struct Planning {
  const spec::Config& config;
  const Wishes& wishes;
  Memory& memory;
  Row& row;
  Failures failures{};
  std::vector<std::string> warnings{};  // of what is taken, and is not what it says

  const spec::Linux& linux() const { return *config.linux; }
  /// Whether the container gets a namespace of this type that is not the runtime's.
  bool separate(spec::NamespaceType type) const { return linux().find(type) != nullptr; }
  bool user_namespace() const { return separate(spec::NamespaceType::user); }
  /// Whether the container's root is less than the host's, be it that lodger is no more itself.
  bool in_user_namespace() const { return user_namespace() || wishes.caller.in_user_namespace; }
  /// Whether lodger may copy mounts of its mount namespace; else only init may, in its own.
  bool owns_mounts() const { return wishes.caller.owns_mounts; }
};

}  // namespace lodger::plan
