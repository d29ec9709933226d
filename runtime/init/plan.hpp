// The plan: everything that a container's init needs to know, made by the parent and carried out by the
// child.
//
// Init is a program of its own (no C library, see main.cpp), executed from a sealed memory file. The plan
// lies in a shared memory file that both programs map at the same address, so it holds plain pointers:
// nothing is serialised, nothing parsed. Descriptors cannot be pointed to; they travel over the control
// socket when init asks for its begin, and the plan names them by their place in that row (a Slot).
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <span>

#include "kernel/credentials.hpp"
#include "runtime/init/messages.hpp"

namespace lodger::init {

/// Where both programs map the plan: below every address that the kernel hands out by itself, above a
/// non-PIE program and its heap.
inline constexpr std::uintptr_t plan_address = 0x10'0000'0000;
/// Only touched pages cost memory. A configuration that needs more is refused.
inline constexpr std::size_t plan_size = 64UL << 20;

/// Two paths, and as much of a passwd(5) as is read.
inline constexpr std::size_t scratch_size = 2 * 4096UL + (1UL << 20);

using Name = const char*;  // NUL-terminated, in the plan's memory
using Slot = int;          // index into the row of descriptors; none: there is none
inline constexpr Slot none = -1;

struct Join {
  Slot ns;             // a namespace, or a process (pidfd) for all of its namespaces of these types
  std::uint32_t type;  // CLONE_NEW*
};

/// A key of fsconfig(2), with a value or as a flag (value == nullptr).
struct Parameter {
  Name key, value;
};

/// mount_setattr(2) on one mount or its whole tree.
struct Attributes {
  std::uint64_t set = 0, clear = 0, propagation = 0;
  std::uint64_t clear_unlocked = 0;  // cleared as well, where the kernel lets us: mount_namespaces(7)
  bool any() const { return set | clear | propagation; }
};

enum class MountKind : std::uint8_t {
  fresh,    // fsopen(type), the parameters, fsmount
  tree,     // a detached tree that the parent opened (Slot)
  locked,   // the same, but taken from our own copy of the host's mounts where `source` can be reached there,
            // and always where the parent has no right to a tree (none)
  subtree,  // a copy of `source` as this mount namespace shows it before the pivot: the container's own
            // cgroup
  inner,    // a copy of `source`, below the root, as the mounts before this one have made it
  remount,  // what is at the destination gets new attributes, and its superblock new parameters
  classic,  // mount(2): the only way to iversion and silent
  symlink,  // no mount: `source` is the target of a link at the destination
};

/// Something that appears at a destination inside the root.
struct Mount {
  MountKind kind = MountKind::fresh;
  bool file = false;             // the mount point to make is a file, not a folder
  bool source_nofollow = false;  // inner: a symlink is bound itself
  bool nofollow = false;         // a symlink at the destination is mounted over, not followed
  bool copy_up = false;          // tmpcopyup
  bool needs_cgroup = false;     // only right once init is in its cgroup and cgroup namespace
  bool mode_of_place = false;    // fresh: the mount gets the mode of a folder that it covers
  bool plain = false;            // the destination must be a real folder: no symlink on the way (proc, sysfs)
  std::uint32_t index = 0;       // in the configuration's mounts
  unsigned clone_flags = 0;      // locked, subtree, inner: of open_tree(2)
  Slot tree = none;
  Slot id_map = none;         // inner: the user namespace that carries its map
  bool whole_id_map = false;  // and it is that of all mounts below, too
  // By the parent, since root of a user namespace may not; its order comes behind that for the cgroup, which
  // is entered before.
  bool mapped_outside = false;
  Name type = nullptr, source = nullptr;
  Name destination = nullptr;  // without its leading slash; "" is the root itself
  std::span<const Parameter> parameters;
  std::uint64_t fresh_attributes = 0;  // of fsmount(2)
  Attributes one, whole;               // after attaching: of the mount, and of everything below it
  std::uint64_t base_propagation = 0;  // of the whole tree, before these
  std::uint64_t classic_flags = 0;     // MS_* of mount(2)
  Name classic_data = nullptr;
};

/// A device node or FIFO. In user namespaces the host's node is bound there instead: the parent's tree, or
/// what `source` is in our own copy of the host's mounts.
struct Device {
  Name path = nullptr;    // without its leading slash
  Name source = nullptr;  // the same on the host, from its root
  std::uint32_t mode = 0;
  std::uint64_t device = 0;
  unsigned uid = 0, gid = 0;
  bool bound = false;  // no attempt at mknod(2)
  Slot tree = none;
  std::uint32_t index = 0;  // in linux.devices; one past them for defaults
};

struct Link {
  Name target, path;
  Name only_if = nullptr;  // made only when this exists on the host
};

struct Hook {
  Name path;
  const Name* argv;
  const Name* envp;
  std::int64_t timeout_ms = -1;
};

/// Hooks of the container's namespace, and the state document for their stdin around its pid.
struct Hooks {
  std::span<const Hook> hooks;
  std::span<const char> state_head, state_tail;
};

/// How the container's root becomes its process's.
enum class RootChange : std::uint8_t {
  pivot,   // pivot_root(2)
  move,    // --no-pivot: over "/"
  chroot,  // in the runtime's own mount namespace, whose mounts stay as they are
};

struct Rootfs {
  Slot tree = none;                     // a detached copy of the root's tree; none: as with locked mounts
  Name path = nullptr;                  // where it goes: hooks look for it there until the pivot
  std::uint64_t device = 0, inode = 0;  // what `path` has to be
  std::uint64_t mount = 0;              // and, in the runtime's mount namespace, which mount it is on
  Name make_private = nullptr;          // the mount that holds `path`, where it would stay shared otherwise
  std::uint64_t propagation = 0;        // MS_* for the namespace's own "/" (rootfsPropagation)
  RootChange change = RootChange::pivot;
  Slot ground = none;  // chroot: an empty mount over the root's folder, which the tree is put on
  bool readonly = false;
  bool default_devices = true;    // false when the bundle binds a /dev of its own
  std::span<const Name> unmount;  // --no-pivot: the host's procfs and sysfs, which must not stay visible
  std::span<const Mount> mounts;
  std::int64_t dev_mount = -1;  // which of them makes /dev; -1: it is the root's own folder
  bool dev_readonly = false;    // once all is in it
  std::span<const Device> devices;
  std::span<const Link> links;
  std::span<const Name> readonly_paths, masked_paths;  // without their leading slash
};

struct Setting {
  Name path;  // below /proc/sys
  std::span<const char> value;
};

struct Rlimit {
  std::int32_t resource;
  kernel::Limit limit;
};

struct Identity {
  unsigned uid = 0, gid = 0;
  std::span<const unsigned> groups;
  std::uint32_t umask = 022;
  std::uint64_t effective = 0, bounding = 0, inheritable = 0, permitted = 0, ambient = 0;
  int last_capability = 0;
  bool no_new_privileges = false;
  bool may_keep_groups = false;  // where setgroups(2) is denied: user_namespaces(7), "/proc/pid/setgroups"
};

struct Filter {
  sock_filter* instructions = nullptr;
  std::uint16_t size = 0;
  std::uint32_t flags = 0;
};

struct Plan {
  std::span<char> scratch;  // memory for what init finds out: scratch_size bytes
  std::span<int> row;       // where init keeps the descriptors that it was sent
  // Namespaces.
  // With joins, or a new user namespace, a second clone makes the new ones: an exec in a user namespace
  // without maps would lose all capabilities (user_namespaces(7)), and setns(2) into some types counts for
  // children.
  bool two_clones = false;
  std::span<const Join> joins;     // joined first, in this order
  bool keep_affinity = false;      // exec: process.execCPUAffinity has a say
  std::uint64_t second_clone = 0;  // CLONE_NEW* of the second clone
  bool user_namespace = false;     // init becomes root in it
  bool shown_to_mapper = false;    // until `mapped` its procfs files are the ordinary user's who writes maps
  bool shown_at_gate = false;      // and while it waits there: an ordinary user's exec goes through them
  bool ipc_namespace = false;      // unshared as that root, who then owns its message queues
  bool network_namespace = false;  // a fresh one: its loopback interface comes up
  bool cgroup_namespace = false;   // unshared once init is in its cgroup
  bool time_namespace = false;
  std::span<const char> time_offsets;  // for timens_offsets of procfs
  // Root and what is in it; none: the container is there already, and joined as a whole (exec).
  const Rootfs* rootfs = nullptr;
  bool wait_for_hooks = false;  // prestart and createRuntime hooks run before the pivot
  Hooks create_container, start_container;
  Slot container_root = none;  // exec: entered by chroot(2), in a mount namespace that is ours, too
  // Names, settings, labels.
  std::span<const char> hostname, domainname;
  std::span<const Setting> sysctls;
  bool new_keyring = false;
  std::span<const char> apparmor, selinux;  // what is written to attr/apparmor/exec, attr/exec
  bool set_personality = false;
  std::uint64_t personality = 0;
  bool set_memory_policy = false;
  int memory_policy = 0;  // with its flags
  std::span<const std::uint64_t> memory_nodes;
  Slot domain = none;  // Landlock's ruleset
  Filter sockets;      // and a filter for what that does not see; before the one that the bundle asks for
  // The process.
  bool has_process = false;
  std::span<const char> oom_score;  // unset, it must not be touched (config.md)
  bool terminal = false, has_window = false;
  std::uint16_t rows = 0, columns = 0;
  std::span<const Rlimit> rlimits;
  Identity identity;
  Name cwd = nullptr;
  const Name* argv = nullptr;
  Name* envp = nullptr;  // with a free place before its nullptr for HOME, and one for LISTEN_PID
  bool add_home = false;
  std::span<char> listen_pid;  // "LISTEN_PID=" and room for our pid; empty: not wanted
  Name search_path = nullptr;  // PATH
  unsigned preserve_fds = 0;
  Slot gate = none;  // a listening socket; none: the start order comes over the control socket
  // Filled in while init is mounting.
  Filter filter;
  // What failed last, for who cannot be told: once a filter is on, it may forbid to send.
  Report last_words{};
};

}  // namespace lodger::init
