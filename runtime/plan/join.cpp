// A process that joins a container: no root to build, one setns(2) for everything.
#include <fmt/core.h>

#include <cstring>

#include "kernel/file.hpp"
#include "runtime/plan/build.hpp"
#include "runtime/plan/namespace_types.hpp"

namespace lodger::plan {
namespace {

/// The types of namespaces in which a process is not where we are. Told by identity: setns(2) into one's own
/// user namespace fails, and the container's configuration says only where it began.
Outcome<std::uint32_t> foreign_namespaces(pid_t pid) {
  std::uint32_t types = 0;
  for (const auto& type : namespace_types) {
    const auto own = kernel::status(kernel::cwd, type.own, 0);
    if (!own && own.error().code == ENOENT) continue;  // this kernel has no such namespaces
    const auto name = fmt::format("/proc/{}{}", pid, type.own + std::strlen("/proc/self"));
    const auto theirs = TRY(explained(kernel::status(kernel::cwd, name.c_str(), 0), name));
    if (!own || own->st_dev != theirs.st_dev || own->st_ino != theirs.st_ino) types |= type.clone_flag;
  }
  return types;
}

Outcome<Built> build_all(Planning& planning, kernel::Fd<kernel::Process> init, pid_t pid,
                         kernel::Fd<kernel::Path> root) {
  Built built;
  built.plan = &planning.memory.one<init::Plan>();
  init::Plan& plan = *built.plan;
  auto types = TRY(foreign_namespaces(pid));
  // Its first process may have made a mount namespace of its own, whose "/" is the host's.
  if (root) types &= ~std::uint32_t{CLONE_NEWNS};
  if (!root && !(types & CLONE_NEWNS))
    return refuse("lodger is itself in the container's mount namespace: nothing is there to join", EINVAL);
  if (root) plan.container_root = planning.row.add(std::move(root));
  plan.two_clones = true;
  if (types)
    plan.joins = planning.memory.copy(std::vector{init::Join{planning.row.add(std::move(init)), types}});
  plan.user_namespace = types & CLONE_NEWUSER;
  plan.keep_affinity = planning.config.process->exec_cpu_affinity.has_value();
  plan_settings_of_process(planning, plan);
  TRY(plan_process(planning, built));
  plan.preserve_fds = planning.wishes.preserve_fds;
  plan.row = planning.memory.array<int>(planning.row.numbers().size());
  plan.scratch = planning.memory.array<char>(init::scratch_size);
  return built;
}

}  // namespace

Outcome<Built> build_join(Planning& planning, kernel::Fd<kernel::Process> init, pid_t pid,
                          kernel::Fd<kernel::Path> root) {
  return fitting([&] { return build_all(planning, std::move(init), pid, std::move(root)); });
}

}  // namespace lodger::plan
