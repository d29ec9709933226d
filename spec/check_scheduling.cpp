// The clauses of "process" about processors and disks. Source: runtime-spec 1.3, config.md, "Linux Process";
// sched(7), sched_setattr(2), ioprio_set(2). Most of what stands here the kernel would bend or ignore without
// a word.
#include <fmt/core.h>

#include <algorithm>

#include "spec/clauses.hpp"
#include "spec/number_list.hpp"
#include "spec/scheduling_words.hpp"

namespace lodger::spec {

namespace {

bool is_realtime(int policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

Outcome<> nice_and_priority(const Process& process) {
  if (!process.scheduler) return {};
  const Scheduler& wanted = *process.scheduler;
  if (wanted.nice < -20 || wanted.nice > 19)
    return refuse(fmt::format("process.scheduler.nice: expected -20 to 19, found {}", wanted.nice));
  const auto name = name_in(scheduler_policies, wanted.policy);
  if (is_realtime(wanted.policy) && (wanted.priority < 1 || wanted.priority > 99))
    return refuse(
        fmt::format("process.scheduler.priority: expected 1 to 99 for {}, found {}", name, wanted.priority));
  if (!is_realtime(wanted.policy) && wanted.priority != 0)
    return refuse(
        fmt::format("process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only, found {} with {}",
                    wanted.priority, name));
  return {};
}

/// sched_setattr(2): runtime <= deadline <= period, where a period of 0 is the deadline. The kernel counts in
/// units of 1024 ns and keeps the highest bit for itself (__checkparam_dl()).
Outcome<> deadline(const Process& process) {
  if (!process.scheduler) return {};
  const Scheduler& wanted = *process.scheduler;
  if (wanted.policy != SCHED_DEADLINE) {
    if (wanted.runtime == 0 && wanted.deadline == 0 && wanted.period == 0) return {};
    return refuse(fmt::format(
        "process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only, found with {}",
        name_in(scheduler_policies, wanted.policy)));
  }
  constexpr std::uint64_t least = 1024, most = (std::uint64_t{1} << 63) - 1;
  const auto period = wanted.period ? wanted.period : wanted.deadline;
  if (wanted.runtime < least)
    return refuse(fmt::format("process.scheduler.runtime: SCHED_DEADLINE needs at least {} ns, found {}",
                              least, wanted.runtime));
  if (wanted.deadline > most || period > most)
    return refuse(fmt::format("process.scheduler: deadline and period are at most {} ns", most));
  if (wanted.runtime > wanted.deadline || wanted.deadline > period)
    return refuse(fmt::format(
        "process.scheduler: SCHED_DEADLINE needs runtime <= deadline <= period, found {}, {} and {}",
        wanted.runtime, wanted.deadline, period));
  return {};
}

/// ioprio_set(2): eight levels.
Outcome<> io_priority(const Process& process) {
  if (!process.io_priority) return {};
  const int level = process.io_priority->priority;
  if (level >= 0 && level <= 7) return {};
  return refuse(fmt::format("process.ioPriority.priority: expected 0 to 7, found {}", level));
}

Outcome<> affinity(const Process& process) {
  if (!process.exec_cpu_affinity) return {};
  const auto& [initial, final] = *process.exec_cpu_affinity;
  TRY(parse_number_list("process.execCPUAffinity.initial", initial.value_or(""), most_cpus));
  TRY(parse_number_list("process.execCPUAffinity.final", final.value_or(""), most_cpus));
  return {};
}

constexpr Clause<Process> clauses[] = {nice_and_priority, deadline, io_priority, affinity};

}  // namespace

std::span<const Clause<Process>> scheduling_clauses() { return clauses; }

/// sched(7): a process under SCHED_DEADLINE has no children unless they start without the policy. The hooks
/// of the container's namespace are such children.
Outcome<> check_deadline_and_hooks(const Config& config) {
  if (!config.process || !config.process->scheduler || config.hooks.start_container.empty()) return {};
  const Scheduler& wanted = *config.process->scheduler;
  if (wanted.policy != SCHED_DEADLINE || std::ranges::count(wanted.flags, SCHED_FLAG_RESET_ON_FORK))
    return {};
  return refuse(
      "process.scheduler: a process under SCHED_DEADLINE cannot start the startContainer hooks; add "
      "SCHED_FLAG_RESET_ON_FORK to its flags");
}

}  // namespace lodger::spec
