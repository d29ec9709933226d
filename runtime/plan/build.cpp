#include "runtime/plan/build.hpp"

#include <utility>

#include "runtime/rootfs/rootfs.hpp"

namespace lodger::plan {
namespace {

Outcome<Built> build_all(Planning& planning) {
  Built built;
  // The plan lies at the very start of its memory: that is where init looks for it.
  built.plan = &planning.memory.one<init::Plan>();
  init::Plan& plan = *built.plan;
  TRY(plan_namespaces(planning, built));
  built.rootfs = &planning.memory.one<init::Rootfs>();
  *built.rootfs = TRY(rootfs::plan_rootfs(planning));
  plan.rootfs = built.rootfs;
  built.warnings = std::move(planning.warnings);
  // Network devices too have to be there before what comes behind the hooks, such as their sysctls.
  plan.wait_for_hooks = !planning.config.hooks.prestart.empty() ||
                        !planning.config.hooks.create_runtime.empty() ||
                        !planning.linux().net_devices.empty();
  plan_settings(planning, plan);
  if (planning.config.process) TRY(plan_process(planning, built));
  plan_hooks(planning, plan);  // some have the process's environment
  plan.preserve_fds = planning.wishes.preserve_fds;
  plan.scratch = planning.memory.array<char>(init::scratch_size);
  return built;
}

}  // namespace

Outcome<Built> build(Planning& planning) {
  return fitting([&] { return build_all(planning); });
}

}  // namespace lodger::plan
