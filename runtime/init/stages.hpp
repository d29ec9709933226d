// The steps of a start, in the order in which main.cpp takes them. Each does its part of the plan or gives
// the first error, with Control::at() telling where.
#pragma once
#include "runtime/init/control.hpp"

namespace lodger::init {

using Root = Fd<kernel::Mount>;

// namespaces.cpp
/// Joins namespaces and, where there were any, leaves the rest to a second clone: the caller goes on as that
/// process. Then waits for the id maps and becomes root in a new user namespace.
Result<> enter_namespaces(Control& control);
/// Takes its place in the cgroups that the parent made, then unshares the cgroup namespace.
Result<> enter_cgroup(Control& control);
Result<> enter_time_namespace(Control& control);

// rootfs.cpp
/// Puts the root's tree into our mount namespace, cut off from the host's as the plan says.
Result<Root> attach_root(Control& control);
/// Makes it our root and lets go of the host's.
Result<> change_root(Control& control, const Root& root);
Result<> make_root_readonly(Control& control, const Root& root);
/// exec, where the container's mount namespace is ours.
Result<> enter_container_root(Control& control);

// mounts.cpp
/// All mounts in order; enters the cgroup before the first mount that shows it, or at the end.
/// Gives the folder that is /dev: the one of the root or of the mount there, taken before a later mount could
/// come to lie over it through an image's symlinks. What is made in /dev is made in this very folder
/// (CVE-2026-41579).
using Dev = Fd<kernel::Path>;
Result<Dev> make_mounts(Control& control, Root& root);
/// Where the bundle wants it so; a /dev has to be filled first.
Result<> make_dev_readonly(Control& control, const Dev& dev);

// devices.cpp
Result<> make_devices(Control& control, const Root& root, const Dev& dev);

// masks.cpp
Result<> make_paths_readonly(Control& control, const Root& root);
Result<> mask_paths(Control& control, const Root& root);

// terminal.cpp
/// A pseudo-terminal of the container's own devpts: the master goes to the parent, the other end becomes
/// /dev/console and our standard streams.
Result<> open_terminal(Control& control, const Dev& dev);
/// /dev of the container that was joined.
Result<Dev> open_dev(Control& control);
Result<> give_streams_to(Control& control);

// hooks.cpp
/// createContainer hooks start in `folder`, with all that we may do; startContainer hooks (no folder) are
/// confined as the container's process is.
Result<> run_hooks(Control& control, Stage stage, const Hooks& hooks, int folder = -1);

// settings.cpp
Result<> set_names(Control& control);
/// A procfs instance that only we can see, if anything is to be set through one. Before the pivot: a user
/// namespace gets one only while the host's is in sight (mount_too_revealing() of the kernel).
using Procfs = Fd<kernel::Path>;
Result<Procfs> open_procfs(Control& control);
/// The host's procfs, for the labels of a process that has not yet joined its container.
Result<Procfs> hold_procfs(Control& control);
/// Before any namespace is entered, through the host's procfs.
Result<> set_oom_score(Control& control);
/// Sysctls and security labels.
Result<> apply_settings(Control& control, const Procfs& proc);
Result<> join_keyring(Control& control);

// identity.cpp
/// All limits; of that of descriptors only what it takes to set it later, since until the exec init needs
/// some itself.
Result<> set_limits(Control& control);
Result<> set_limit_of_descriptors(Control& control);
Result<> set_personality(Control& control);
/// Once in the cgroup, whose cpuset says which nodes there are.
Result<> set_memory_policy(Control& control);
/// Groups, user and bounding set; the permitted set stays full until confine().
Result<> become(Control& control);

// confinement.cpp
/// Landlock's domain, while we still may without no_new_privs. What it takes away (network, scopes) nothing
/// of what init has left to do needs.
Result<> enter_domain(Control& control);
/// Capabilities and filter, before an exec and nothing else. Without no_new_privs a filter needs
/// CAP_SYS_ADMIN: seccomp(2). It is then kept until the exec, which computes all sets anew and takes it away
/// (capabilities(7), "Transformation of capabilities during execve()"); so nothing but the exec, and the way
/// of a listener, has to pass the filter. A hook's calls are notified of to nobody: the agent speaks for the
/// process, so they fail with ENOSYS.
enum class Confined : bool { process, hook };
Result<> confine(Control& control, Confined whose);

// executable.cpp
/// process.cwd as root, made where a new container lacks it; false when only the container's user may enter
/// it.
Result<bool> try_working_directory(Control& control);
Result<> enter_working_directory(Control& control);
/// Completes the environment (HOME) and finds what execve(2) is going to get.
Result<> add_home(Control& control);
void add_listen_pid(Control& control);
Result<Name> find_executable(Control& control);

}  // namespace lodger::init
