// What parent and init say to each other over the control socket (SOCK_SEQPACKET): each is one datagram.
#pragma once
#include <cstdint>

namespace lodger::init {

/// The steps of a start. One list for error texts, the documentation and fault injection.
enum class Stage : std::uint32_t {
  begin,
  oom_score,
  join_namespace,
  user_namespace,
  loopback,
  cgroup,
  affinity,
  time_offsets,
  propagation,
  rootfs,
  mount,
  device,
  link,
  terminal,
  create_container_hook,
  pivot,
  hostname,
  domainname,
  sysctl,
  readonly_path,
  masked_path,
  readonly_root,
  keyring,
  label,
  personality,
  memory_policy,
  working_directory,
  rlimit,
  domain,
  identity,
  capabilities,
  no_new_privileges,
  executable,
  start_container_hook,
  seccomp,
  execute,
};

/// From the parent, in this order; what does not apply is left out.
enum class Order : std::uint32_t {
  begin,        // with the row of descriptors, in as many messages as it takes; the last has more == 0
  mapped,       // the id maps are written
  cgroup,       // with the entrances of v1 hierarchies
  tree_mapped,  // the tree that init sent carries its id map
  hooks_done,   // prestart and createRuntime hooks have run
  finish,       // the filter stands in the plan
  kept,         // the container's state is on disk: from here on init outlives the runtime
  start,        // also over the gate
  handed_over   // the filter's agent has the listener
};
struct Command {
  Order order;
  std::uint32_t more = 0;
};

/// From init.
enum class Event : std::uint32_t {
  failed,     // stage, index, call, code, words; init exits
  joined,     // value: the pid of the second clone
  mounted,    // waits for hooks_done
  terminal,   // with the master's descriptor
  ready,      // waits at the gate
  executing,  // past the start hooks, with the plan's file where there is a filter; the end of the connection
              // then means success
  tree,       // with a mount that is not attached yet; waits for tree_mapped
  listener,   // with the descriptor of the filter's notifications; waits for handed_over
};
struct Report {
  Event event;
  Stage stage;
  std::uint32_t index;
  std::int32_t code;  // errno, or a hook's outcome
  std::int64_t value;
  char call[24];
  char words[200];  // the kernel's own words, or the end of a hook's output
};

}  // namespace lodger::init
