// Where and when a process runs, and where its memory comes from. sched_setattr(2), ioprio_set(2),
// sched_setaffinity(2), set_mempolicy(2).
#pragma once
#include <sys/types.h>

#include <span>

#include "kernel/io_priority.hpp"
#include "kernel/syscall.hpp"

namespace lodger::kernel {

/// struct sched_attr of sched_setattr(2), with what Linux 5.3 added. <linux/sched/types.h> has it, but also a
/// second sched_param beside the C library's.
struct SchedulerAttributes {
  std::uint32_t size = sizeof(SchedulerAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // ns
  std::uint32_t util_min = 0, util_max = 0;
};
static_assert(sizeof(SchedulerAttributes) == 56);

/// sched_setattr(2); pid 0 is the calling thread.
inline Result<> set_scheduler(pid_t pid, const SchedulerAttributes& attributes) {
  return done("sched_setattr", __NR_sched_setattr, pid, &attributes, 0);
}

/// ioprio_set(2) of all processes of the group that `leader` leads.
inline Result<> set_io_priority_of_group(pid_t leader, int klass, int level) {
  return done("ioprio_set", __NR_ioprio_set, 2 /* IOPRIO_WHO_PGRP */, leader, ioprio_value(klass, level));
}

/// sched_setaffinity(2) with a mask of any length; pid 0 is the calling thread.
inline Result<> set_affinity(pid_t pid, std::span<const std::uint64_t> mask) {
  return done("sched_setaffinity", __NR_sched_setaffinity, pid, mask.size_bytes(), mask.data());
}
/// sched_getaffinity(2): the part of `room` that the kernel filled; EINVAL where it has more processors.
inline Result<std::span<std::uint64_t>> affinity(pid_t pid, std::span<std::uint64_t> room) {
  const auto bytes =
      TRY(call("sched_getaffinity", __NR_sched_getaffinity, pid, room.size_bytes(), room.data()));
  return room.first(static_cast<std::size_t>(bytes) / sizeof(std::uint64_t));
}

/// set_mempolicy(2) of the calling thread, whose children inherit it. `mode` includes its flags. The kernel
/// counts the bits of a mask from one.
inline Result<> set_memory_policy(int mode, std::span<const std::uint64_t> nodes) {
  if (nodes.empty()) return done("set_mempolicy", __NR_set_mempolicy, mode, nullptr, 0);
  return done("set_mempolicy", __NR_set_mempolicy, mode, nodes.data(), nodes.size() * 64 + 1);
}

}  // namespace lodger::kernel
