// System calls, each asked for with arguments that it has to refuse: one that is there says EINVAL, EFAULT or
// EBADF, one that is not says ENOSYS. A seccomp filter around us (another container's) may say EPERM.
#include <fmt/core.h>
#include <unistd.h>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "runtime/check/check.hpp"

namespace lodger::check {
namespace {

struct Wanted {
  const char* name;
  long number;
  long arguments[4];
  const char* since;  // the first kernel that has it
  Verdict without;
  const char* for_what;
};

constexpr long nothing = -1, all_flags = 0x7fffffff;
constexpr Wanted wanted[] = {
    {"clone3", __NR_clone3, {0, 0}, "5.3", Verdict::bad, "namespaces and cgroups of a new process"},
    {"openat2",
     __NR_openat2,
     {nothing, 0, 0, 0},
     "5.6",
     Verdict::bad,
     "paths that cannot leave a root filesystem"},
    {"fsopen", __NR_fsopen, {0, all_flags}, "5.2", Verdict::bad, "mounts"},
    {"open_tree", __NR_open_tree, {nothing, 0, all_flags}, "5.2", Verdict::bad, "bind mounts"},
    {"move_mount", __NR_move_mount, {nothing, 0, nothing, 0}, "5.2", Verdict::bad, "mounts"},
    {"mount_setattr",
     __NR_mount_setattr,
     {nothing, 0, all_flags, 0},
     "5.12",
     Verdict::bad,
     "mount options, read-only and id-mapped mounts"},
    {"close_range",
     __NR_close_range,
     {1, 0, 0},
     "5.9",
     Verdict::bad,
     "no descriptor of the host in a container"},
    {"pidfd_open",
     __NR_pidfd_open,
     {nothing, all_flags},
     "5.3",
     Verdict::bad,
     "signals that cannot hit a stranger"},
    {"execveat",
     __NR_execveat,
     {nothing, 0, 0, 0},
     "3.19",
     Verdict::bad,
     "an init that leads to no file of the host"},
    {"sched_setattr", __NR_sched_setattr, {0, 0, 0}, "3.14", Verdict::limited, "process.scheduler"},
    {"set_mempolicy", __NR_set_mempolicy, {nothing, 0, 0}, "2.6.7", Verdict::limited, "linux.memoryPolicy"},
    {"bpf", __NR_bpf, {nothing, 0, 0}, "4.15", Verdict::limited, "device rules on cgroup v2"},
};

Finding look_for(const Wanted& call) {
  const auto& a = call.arguments;
  const long answer = kernel::raw(call.number, a[0], a[1], a[2], a[3]);
  if (answer == -ENOSYS)
    return {"kernel", call.name, call.without, "missing",
            fmt::format("needed for {}; Linux has it since {}", call.for_what, call.since)};
  if (answer == -EPERM && ::geteuid() == 0)
    return {"kernel", call.name, call.without, "forbidden, by a seccomp filter around this process",
            fmt::format("needed for {}", call.for_what)};
  return {"kernel", call.name, Verdict::good, "there", call.for_what};
}

/// Init is executed from a memory file: proc_sys_vm(5), memfd_noexec.
Finding memory_file() {
  const auto file = kernel::openat(kernel::cwd, "/proc/sys/vm/memfd_noexec", O_RDONLY);
  char value[2] = "0";
  if (file) (void)kernel::read(file->get(), value);
  if (value[0] == '2')
    return {"kernel", "vm.memfd_noexec", Verdict::bad, "2", "no container starts: set this sysctl to 0 or 1"};
  return {"kernel", "vm.memfd_noexec", Verdict::good, std::string(1, value[0]),
          "memory files may be executed"};
}

}  // namespace

void look_at_kernel(std::vector<Finding>& findings) {
  if (const auto name = kernel::uname())
    findings.push_back({"kernel", name->sysname, Verdict::good,
                        fmt::format("{} on {}", name->release, name->machine), "the running kernel"});
  for (const auto& call : wanted) findings.push_back(look_for(call));
  findings.push_back(memory_file());
}

}  // namespace lodger::check
