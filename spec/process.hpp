// The "process" object of config.json. Source: runtime-spec 1.3, config.md, "Process" and below.
// Members carry the specification's names in snake case; an absent optional member is std::nullopt.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lodger::spec {

/// process.consoleSize, in characters.
struct Box {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
};

/// process.user
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<mode_t> umask;
  std::vector<gid_t> additional_gids;
};

/// process.rlimits[]: `type` is the RLIMIT_* number of getrlimit(2).
struct Rlimit {
  int type = 0;
  std::uint64_t hard = 0;
  std::uint64_t soft = 0;
};

/// process.capabilities: names as written ("CAP_KILL"); a set that is absent is empty.
struct Capabilities {
  std::vector<std::string> effective, bounding, inheritable, permitted, ambient;
};

/// process.scheduler: SCHED_* and SCHED_FLAG_* are numbers of sched_setattr(2).
struct Scheduler {
  int policy = 0;
  std::int32_t nice = 0, priority = 0;
  std::vector<std::uint64_t> flags;
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // ns
};

/// process.ioPriority: `klass` is the IOPRIO_CLASS_* number of ioprio_set(2).
struct IoPriority {
  int klass = 0;
  std::int32_t priority = 0;
};

/// process.execCPUAffinity: lists such as "0-3,7".
struct ExecCpuAffinity {
  std::optional<std::string> initial, final;
};

struct Process {
  bool terminal = false;
  std::optional<Box> console_size;
  User user;
  std::vector<std::string> args;
  std::optional<std::string> command_line;  // Windows only; kept so that it is refused, not ignored
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::optional<int> oom_score_adj;
  std::string selinux_label;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::optional<ExecCpuAffinity> exec_cpu_affinity;
};

}  // namespace lodger::spec
