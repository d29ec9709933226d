// The "process" object. Source: runtime-spec 1.3, config.md, "Process"; getrlimit(2) for the types.
#include <sys/resource.h>

#include "spec/read_model.hpp"
#include "spec/scheduling_words.hpp"

namespace lodger::spec {

namespace {

constexpr Word<int> rlimit_list[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};
constexpr Words<int> rlimit_types{"resource limit", rlimit_list};

}  // namespace

static bool read(Value value, Box& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("height", out.height) && in.required("width", out.width);
}

/// uid and gid are REQUIRED in the text but not in its schema, and absent from its examples: 0 when absent.
static bool read(Value value, User& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("uid", out.uid) && in.optional("gid", out.gid) &&
         in.optional("umask", out.umask) && in.optional("additionalGids", out.additional_gids);
}

static bool read(Value value, Rlimit& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("type", out.type, rlimit_types) && in.required("hard", out.hard) &&
         in.required("soft", out.soft);
}

static bool read(Value value, Capabilities& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("effective", out.effective) && in.optional("bounding", out.bounding) &&
         in.optional("inheritable", out.inheritable) && in.optional("permitted", out.permitted) &&
         in.optional("ambient", out.ambient);
}

static bool read(Value value, Scheduler& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("policy", out.policy, Words<int>{"scheduling policy", scheduler_policies}) &&
         in.optional("nice", out.nice) && in.optional("priority", out.priority) &&
         in.optional("flags", out.flags, Words<std::uint64_t>{"flag", scheduler_flags}) &&
         in.optional("runtime", out.runtime) && in.optional("deadline", out.deadline) &&
         in.optional("period", out.period);
}

static bool read(Value value, IoPriority& out, const Where& where) {
  const Object in(value, where);
  return in && in.required("class", out.klass, Words<int>{"class", io_priority_classes}) &&
         in.optional("priority", out.priority);
}

static bool read(Value value, ExecCpuAffinity& out, const Where& where) {
  const Object in(value, where);
  return in && in.optional("initial", out.initial) && in.optional("final", out.final);
}

bool read(Value value, Process& out, const Where& where) {
  const Object in(value, where);
  // consoleSize MUST be ignored without a terminal, so it is not even looked at.
  return in && in.optional("terminal", out.terminal) &&
         (!out.terminal || in.optional("consoleSize", out.console_size)) && in.optional("user", out.user) &&
         in.optional("args", out.args) && in.optional("commandLine", out.command_line) &&
         in.optional("env", out.env) && in.required("cwd", out.cwd) &&
         in.optional("capabilities", out.capabilities) && in.optional("rlimits", out.rlimits) &&
         in.optional("noNewPrivileges", out.no_new_privileges) &&
         in.optional("apparmorProfile", out.apparmor_profile) &&
         in.optional("oomScoreAdj", out.oom_score_adj) && in.optional("selinuxLabel", out.selinux_label) &&
         in.optional("scheduler", out.scheduler) && in.optional("ioPriority", out.io_priority) &&
         in.optional("execCPUAffinity", out.exec_cpu_affinity);
}

}  // namespace lodger::spec
