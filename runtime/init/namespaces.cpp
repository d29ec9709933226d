// Namespaces and cgroups, from the container's side. namespaces(7), user_namespaces(7), time_namespaces(7).
#include <algorithm>

#include "kernel/interface.hpp"
#include "kernel/namespace.hpp"
#include "kernel/process.hpp"
#include "kernel/scheduling.hpp"
#include "kernel/socket.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

/// A process enters joined pid and user namespaces only through a child (setns(2)). CLONE_PARENT makes that
/// child the runtime's own, so it is awaited as any container; we report its pid and end.
Result<> go_on_as_second_clone(Control& control) {
  clone_args how{};
  how.flags = control.plan().second_clone | CLONE_PARENT;
  const pid_t pid = TRY(kernel::fork3(how));
  if (pid == 0) return {};
  TRY(control.report(Event::joined, pid));
  kernel::exit(0);
}

Result<> join_all(Control& control) {
  const auto joins = control.plan().joins;
  for (std::size_t i = 0; i < joins.size(); ++i) {
    control.at(Stage::join_namespace, i);
    const Fd<kernel::Namespace> ns(control.fd(joins[i].ns));
    TRY(kernel::setns(ns.get(), joins[i].type));
  }
  control.at(Stage::join_namespace, joins.size());
  // The files of a process that must not be traced belong to root (proc(5)), and an ordinary user writes the
  // maps. Nobody of the container's is there yet; its user could trace us before as well.
  if (control.plan().shown_to_mapper) TRY(kernel::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
  return go_on_as_second_clone(control);
}

/// What the caller was bound to (taskset(1), a service's CPUAffinity=) is not the container's: it has the
/// processors of its cgroup, as with the other runtimes. Since Linux 6.2 a cpuset keeps such a mask (kernel
/// commit 8f9ea86fdf99).
Result<> leave_affinity(Control& control) {
  if (control.plan().keep_affinity) return {};
  control.at(Stage::affinity);
  std::uint64_t all[128];  // CONFIG_NR_CPUS ends at 8192
  std::ranges::fill(all, ~std::uint64_t{0});
  return kernel::set_affinity(0, all);
}

/// A fresh network has nothing but a loopback interface that is down. Nobody else brings it up: podman's and
/// containerd's "none" leave it to the runtime.
Result<> raise_loopback(Control& control) {
  control.at(Stage::loopback);
  return kernel::bring_up(TRY(kernel::unix_socket(SOCK_DGRAM)), "lo");
}

}  // namespace

Result<> enter_namespaces(Control& control) {
  const Plan& plan = control.plan();
  if (plan.two_clones) {
    TRY(join_all(control));
    TRY(control.expect(Order::mapped));
    if (plan.shown_to_mapper) TRY(kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  }
  if (plan.user_namespace) {
    control.at(Stage::user_namespace);
    TRY(kernel::setresgid(0));
    TRY(kernel::setresuid(0));
    // Neither setns(2) nor a change of ids may leave us in sight: they set it to fs.suid_dumpable (proc(5)).
    TRY(kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    // The root of mqueue belongs to whoever makes the namespace, not to its user namespace's root.
    if (plan.ipc_namespace) TRY(kernel::unshare(CLONE_NEWIPC));
  }
  if (plan.network_namespace) TRY(raise_loopback(control));
  TRY(kernel::setsid());
  TRY(kernel::signal_mask(SIG_SETMASK, 0));
  kernel::reset_signals();
  return {};
}

Result<> enter_cgroup(Control& control) {
  control.at(Stage::cgroup);
  int entrances[64];
  const auto n = TRY(control.expect_cgroup(entrances));
  Result<> entered;
  for (std::size_t i = 0; i < n; ++i) {
    const Fd<kernel::File> tasks(entrances[i]);
    // "0" is the writing thread: no look-up, and no wait for a grace period (kernel commit 9a3284fad42f).
    if (entered) entered = kernel::write_once(tasks.get(), std::span("0", 1));
    if (!entered) control.at(Stage::cgroup, i);
  }
  TRY(std::move(entered));
  TRY(leave_affinity(control));
  if (control.plan().cgroup_namespace) TRY(kernel::unshare(CLONE_NEWCGROUP));
  return {};
}

Result<> enter_time_namespace(Control& control) {
  const Plan& plan = control.plan();
  if (!plan.time_namespace) return {};
  control.at(Stage::time_offsets);
  if (plan.user_namespace) TRY(kernel::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));  // see set_oom_score()
  TRY(kernel::unshare(CLONE_NEWTIME));  // for children; we follow by setns(2), before any of them exists
  if (!plan.time_offsets.empty()) {
    const auto file = TRY(kernel::openat(kernel::cwd, "/proc/self/timens_offsets", O_WRONLY));
    TRY(kernel::write_once(file.get(), plan.time_offsets));
  }
  const auto ns =
      TRY(kernel::openat<kernel::Namespace>(kernel::cwd, "/proc/self/ns/time_for_children", O_RDONLY));
  TRY(kernel::setns(ns.get(), CLONE_NEWTIME));
  return kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace lodger::init
