// config.md, "Linux Process": capabilities, privileges, the killer's score, scheduling.
#include <sched.h>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json& process(Container& box) { return box.config["process"]; }

// --- capabilities

struct Set {
  std::string_view name, line;  // as proc(5) names it in /proc/PID/status
};
/// What an execve leaves to a user who is not root: capabilities(7), "Transformation of capabilities during
/// execve()".
constexpr std::array sets = {Set{"bounding", "CapBnd"}, Set{"inheritable", "CapInh"},
                             Set{"ambient", "CapAmb"}};
constexpr std::array root_sets = {Set{"effective", "CapEff"}, Set{"permitted", "CapPrm"},
                                  Set{"bounding", "CapBnd"}};

/// CAP_CHOWN is 0, CAP_KILL is 5, CAP_SYS_CHROOT is 18: capabilities(7), <linux/capability.h>.
constexpr std::string_view mask_of_three = "0000000000040021";

void capability_set(Trial& t) {
  const Set& set = sets[t.row()];
  const json three = {"CAP_CHOWN", "CAP_KILL", "CAP_SYS_CHROOT"};
  json all = {{"bounding", three}, {"permitted", three}};
  if (set.name == "ambient") all["inheritable"] = three;  // capabilities(7): ambient is within both others
  all[set.name] = three;
  Container& box = t.container();
  process(box)["user"] = {{"uid", 1000}, {"gid", 1000}};  // root would get them by its execve
  process(box)["capabilities"] = all;
  t.expect_eq(std::string(set.line), mask_of_three, box.inside("status")["status." + std::string(set.line)]);
}

void capability_root(Trial& t) {
  const json three = {"CAP_CHOWN", "CAP_KILL", "CAP_SYS_CHROOT"};
  Container& box = t.container();
  process(box)["capabilities"] = {{"bounding", three}, {"permitted", three}, {"effective", three}};
  t.expect_eq(std::string(root_sets[t.row()].line), mask_of_three,
              box.inside("status")["status." + std::string(root_sets[t.row()].line)]);
}

void capabilities_none(Trial& t) {
  Container& box = t.container();
  process(box)["capabilities"] = json::object();
  const Facts facts = box.inside("status");
  for (const std::string line : {"CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"})
    t.expect_eq(line, "0000000000000000", facts["status." + line]);
}

void capability_unknown(Trial& t) {
  Container& box = t.container();
  for (const char* set : {"bounding", "permitted", "effective"})
    process(box)["capabilities"][set] = {"CAP_KILL", "CAP_NO_SUCH_THING"};
  t.expect_eq("CapEff", "0000000000000020", box.inside("status")["status.CapEff"]);
}

// --- the rest

void no_new_privileges(Trial& t) {
  Container& box = t.container();
  process(box)["noNewPrivileges"] = true;
  t.expect_eq("no_new_privs", "1", box.inside("attributes")["nnp"]);
}

void new_privileges(Trial& t) {
  Container& box = t.container();
  process(box)["noNewPrivileges"] = false;
  t.expect_eq("no_new_privs", "0", box.inside("attributes")["nnp"]);
}

struct Score {
  std::string_view name;
  int value;
};
constexpr std::array scores = {Score{"0", 0}, Score{"500", 500}, Score{"1000", 1000}};

void oom_score(Trial& t) {
  Container& box = t.container();
  process(box)["oomScoreAdj"] = scores[t.row()].value;
  t.expect_eq("oom_score_adj", std::string(scores[t.row()].name) + "\\n",
              box.inside("attributes")["oom_score_adj"]);
}

void oom_score_unset(Trial& t) {
  Container& box = t.container();
  const std::string ours = trimmed(read_file("/proc/self/oom_score_adj"));
  t.expect_eq("oom_score_adj", ours + "\\n", box.inside("attributes")["oom_score_adj"]);
}

// --- scheduling: sched_setattr(2), ioprio_set(2)

/// `policy`: the number of sched(7) that the probe sees.
struct Policy {
  std::string_view name, policy;
  int nice, priority;
};
constexpr std::array policies = {
    Policy{"SCHED_OTHER", "0", 7, 0}, Policy{"SCHED_BATCH", "3", 5, 0}, Policy{"SCHED_IDLE", "5", 0, 0},
    Policy{"SCHED_FIFO", "1", 0, 10}, Policy{"SCHED_RR", "2", 0, 20},
};

/// What sched(7) asks for: the right, and a cgroup with a real-time budget, which a new one of v1 does not
/// have.
void need_realtime(Trial& t, int priority) {
  const Hierarchy* cpu = t.machine().controller("cpu");
  if (cpu != nullptr && exists(cpu->path + "/cpu.rt_runtime_us"))
    t.skip("needs a real-time budget for new cgroups");
  sched_param wanted{.sched_priority = priority};
  const bool allowed = sched_setscheduler(0, SCHED_FIFO, &wanted) == 0;
  wanted.sched_priority = 0;
  sched_setscheduler(0, SCHED_OTHER, &wanted);
  if (!allowed) t.skip("needs the right to real-time scheduling");
}

void scheduler(Trial& t) {
  const Policy& wanted = policies[t.row()];
  Container& box = t.container();
  process(box)["scheduler"] = {{"policy", wanted.name}};
  if (wanted.nice != 0) process(box)["scheduler"]["nice"] = wanted.nice;
  if (wanted.priority != 0) {
    process(box)["scheduler"]["priority"] = wanted.priority;
    need_realtime(t, wanted.priority);
  }
  const Facts facts = box.inside("attributes");
  t.expect_eq("policy", wanted.policy, facts["policy"]);
  if (wanted.nice != 0) t.expect_eq("nice", wanted.nice, facts["nice"]);
}

void bad_policy(Trial& t) {
  Container& box = t.container();
  process(box)["scheduler"] = {{"policy", "SCHED_NOSUCH"}};
  const Finished created = box.create();
  t.expect_error("an unknown policy", created.succeeded() ? box.start() : created);
}

/// <linux/ioprio.h>: the class in the bits above the 13th, the priority below.
struct IoPriority {
  std::string_view name, io_class;
  int priority, value;
};
constexpr std::array io_priorities = {IoPriority{"BE-0", "IOPRIO_CLASS_BE", 0, 2 << 13},
                                      IoPriority{"BE-7", "IOPRIO_CLASS_BE", 7, (2 << 13) + 7},
                                      IoPriority{"IDLE", "IOPRIO_CLASS_IDLE", 0, 3 << 13},
                                      IoPriority{"RT-4", "IOPRIO_CLASS_RT", 4, (1 << 13) + 4}};

void io_priority(Trial& t) {
  const IoPriority& wanted = io_priorities[t.row()];
  Container& box = t.container();
  process(box)["ioPriority"] = {{"class", wanted.io_class}, {"priority", wanted.priority}};
  t.expect_eq("ioprio_get", wanted.value, box.inside("attributes")["ioprio"]);
}

constexpr Clause clause(std::string_view section, std::string_view text, Level level = Level::must) {
  return {"config.md", section, level, text};
}
constexpr Case single[] = {
    {"config-process/scheduler-unknown-is-error",
     {"config.md", "Valid values", Level::must,
      "Runtimes MUST generate an error when invalid or unsupported values are encountered."},
     bad_policy},
    {"config-process/capabilities-none",
     clause("Linux Process",
            "`capabilities` (object, OPTIONAL) is an object containing arrays that specifies the sets of "
            "capabilities for the process."),
     capabilities_none,
     {&needs::root}},
    {"config-process/capability-unknown-is-warning",
     clause("Linux Process",
            "Any value which cannot be mapped to a relevant kernel interface, or cannot be granted otherwise "
            "MUST be logged as a warning by the runtime."),
     capability_unknown},
    {"config-process/noNewPrivileges-true",
     clause("Linux Process",
            "`noNewPrivileges` (bool, OPTIONAL) setting `noNewPrivileges` to true prevents the process from "
            "gaining additional privileges."),
     no_new_privileges},
    {"config-process/noNewPrivileges-false",
     clause("Linux Process",
            "`noNewPrivileges` (bool, OPTIONAL) setting `noNewPrivileges` to true prevents the process from "
            "gaining additional privileges."),
     new_privileges},
    {"config-process/oomScoreAdj-unset",
     clause("Linux Process",
            "If `oomScoreAdj` is not set, the runtime MUST NOT change the value of `oom_score_adj`."),
     oom_score_unset},
};

constexpr Clause sets_clause = clause("Linux Process", "`capabilities` contains the following properties:");

constexpr auto cases = joined(
    std::to_array(single),
    each(root_sets, {"config-process/capabilities-of-root", sets_clause, capability_root, {&needs::root}}),
    each(sets, {"config-process/capabilities-of-user", sets_clause, capability_set, {&needs::root}}),
    each(policies, {"config-process/scheduler",
                    clause("Linux Process",
                           "`scheduler` (object, OPTIONAL) is an object describing the scheduler properties "
                           "for the process."),
                    scheduler,
                    {&needs::root}}),
    each(io_priorities, {"config-process/ioPriority",
                         clause("Linux Process",
                                "`ioPriority` (object, OPTIONAL) configures the I/O priority settings for "
                                "the container's processes within the process group."),
                         io_priority,
                         {&needs::root}}),
    each(scores, {"config-process/oomScoreAdj",
                  clause("Linux Process",
                         "If `oomScoreAdj` is set, the runtime MUST set `oom_score_adj` to the given value."),
                  oom_score}));

}  // namespace

std::span<const Case> config_process_linux_cases() { return cases; }

}  // namespace conformance
