// When and where a container's process runs: process.scheduler, process.ioPriority, process.execCPUAffinity.
//
// The runtime sets them, not init: a real-time policy or class wants CAP_SYS_NICE over the host (the kernel's
// capable()), which nobody has within a user namespace. It does so once init waits for its start: in its
// cgroup, which may forbid what is asked for, and with its set-up behind it, which is not to be starved by
// SCHED_IDLE.
#pragma once
#include <sys/types.h>

#include "kernel/failure.hpp"
#include "spec/number_list.hpp"
#include "spec/process.hpp"

namespace lodger::launch {

/// Policy and I/O priority of a process that leads its process group. What the configuration does not name is
/// left alone.
Outcome<> set_scheduling(pid_t pid, const spec::Process& process);

/// Keeps the calling thread on the processors of execCPUAffinity.initial for as long as it lives, so that a
/// process born meanwhile starts there; then puts it back.
class InitialAffinity {
 public:
  static Outcome<InitialAffinity> take(const spec::Process& process);
  InitialAffinity(InitialAffinity&& other) noexcept : before_(std::exchange(other.before_, {})) {}
  InitialAffinity& operator=(InitialAffinity&&) = delete;
  ~InitialAffinity();

 private:
  explicit InitialAffinity(spec::Mask before) : before_(std::move(before)) {}
  spec::Mask before_;  // empty: nothing to put back
};

/// execCPUAffinity.initial, of a process that was born elsewhere.
Outcome<> set_initial_affinity(pid_t pid, const spec::Process& process);

/// execCPUAffinity.final, of a process in its cgroup.
Outcome<> set_final_affinity(pid_t pid, const spec::Process& process);

}  // namespace lodger::launch
