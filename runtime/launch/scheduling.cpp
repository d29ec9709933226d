#include "runtime/launch/scheduling.hpp"

#include <fmt/core.h>
#include <linux/sched.h>

#include "kernel/scheduling.hpp"

namespace lodger::launch {
namespace {

constexpr int sched_iso = 4;  // reserved in <linux/sched.h>

kernel::SchedulerAttributes attributes_of(const spec::Scheduler& wanted) {
  // Utilisation clamps have flags but no values in config.json: they are 0.
  kernel::SchedulerAttributes attributes;
  attributes.policy = static_cast<std::uint32_t>(wanted.policy);
  for (const auto flag : wanted.flags) attributes.flags |= flag;
  attributes.nice = wanted.nice;
  attributes.priority = static_cast<std::uint32_t>(wanted.priority);
  attributes.runtime = wanted.runtime;
  attributes.deadline = wanted.deadline;
  attributes.period = wanted.period;
  return attributes;
}

const char* help_for_deadline(int code) {
  switch (code) {
    case EBUSY: return " (the processors have no such bandwidth left: sched(7), kernel.sched_rt_runtime_us)";
    case EINVAL:
      return " (its period is outside of kernel.sched_deadline_period_min_us and "
             "kernel.sched_deadline_period_max_us)";
    case EPERM:
      return " (SCHED_DEADLINE needs CAP_SYS_NICE over the host, and every processor of its root domain: it "
             "goes with no linux.resources.cpu.cpus and no cgroup that leaves some out: process scheduler "
             "can't be used together with AllowedCPUs)";
    default: return "";
  }
}

const char* help_for(const spec::Scheduler& wanted, int code) {
  const bool realtime = wanted.policy == SCHED_FIFO || wanted.policy == SCHED_RR;
  if (wanted.policy == SCHED_DEADLINE) return help_for_deadline(code);
  if (code == EINVAL && wanted.policy == sched_iso)
    return " (this kernel does not have SCHED_ISO: no released Linux has)";
  if (code == EOPNOTSUPP) return " (this kernel has no utilisation clamping: CONFIG_UCLAMP_TASK)";
  if (code == EPERM && realtime)
    return " (a real-time policy needs CAP_SYS_NICE over the host, and on cgroup v1 a budget: "
           "linux.resources.cpu.realtimeRuntime)";
  if (code == EPERM) return " (a higher priority needs CAP_SYS_NICE over the host)";
  return "";
}

Outcome<> set_policy(pid_t pid, const spec::Scheduler& wanted) {
  const auto set = kernel::set_scheduler(pid, attributes_of(wanted));
  if (set) return {};
  auto failure = explain("process.scheduler", set.error());
  failure.text += help_for(wanted, set.error().code);
  return std::unexpected(failure);
}

Outcome<> set_io_priority(pid_t pid, const spec::IoPriority& wanted) {
  const auto set = kernel::set_io_priority_of_group(pid, wanted.klass, wanted.priority);
  if (set) return {};
  auto failure = explain("process.ioPriority", set.error());
  if (set.error().code == EPERM) failure.text += " (IOPRIO_CLASS_RT needs CAP_SYS_NICE over the host)";
  return std::unexpected(failure);
}

constexpr const char* initial = "process.execCPUAffinity.initial";

/// An empty list asks for nothing.
Outcome<> run_on(pid_t pid, const char* property, const std::optional<std::string>& list) {
  if (!list || list->empty()) return {};
  const auto mask = TRY(spec::parse_number_list(property, *list, spec::most_cpus));
  const auto set = kernel::set_affinity(pid, mask);
  if (set) return {};
  auto failure = explain(fmt::format("{} {}", property, *list), set.error());
  if (set.error().code == EINVAL) failure.text += " (none of them is there and in the cgroup's cpuset)";
  return std::unexpected(failure);
}

}  // namespace

Outcome<> set_scheduling(pid_t pid, const spec::Process& process) {
  if (process.scheduler) TRY(set_policy(pid, *process.scheduler));
  return process.io_priority ? set_io_priority(pid, *process.io_priority) : Outcome<>{};
}

Outcome<InitialAffinity> InitialAffinity::take(const spec::Process& process) {
  const auto& wanted = process.exec_cpu_affinity;
  if (!wanted || !wanted->initial || wanted->initial->empty()) return InitialAffinity({});
  spec::Mask room(spec::most_cpus / 64);
  const auto before = TRY(explained(kernel::affinity(0, room), initial));
  TRY(set_initial_affinity(0, process));
  return InitialAffinity(spec::Mask(before.begin(), before.end()));
}

InitialAffinity::~InitialAffinity() {
  if (!before_.empty()) (void)kernel::set_affinity(0, before_);
}

Outcome<> set_initial_affinity(pid_t pid, const spec::Process& process) {
  if (!process.exec_cpu_affinity) return {};
  return run_on(pid, initial, process.exec_cpu_affinity->initial);
}

Outcome<> set_final_affinity(pid_t pid, const spec::Process& process) {
  if (!process.exec_cpu_affinity) return {};
  return run_on(pid, "process.execCPUAffinity.final", process.exec_cpu_affinity->final);
}

}  // namespace lodger::launch
