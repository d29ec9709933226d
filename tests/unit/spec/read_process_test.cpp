#include <sys/resource.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string process(std::string_view members) {
  return verdict(parse_process("{\"cwd\": \"/\", " + std::string(members) + "}"));
}

TEST_CASE("process: every member has its place") {
  const auto parsed = parse_process(R"({
      "terminal": true, "consoleSize": {"height": 25, "width": 80},
      "user": {"uid": 4294967294, "gid": 2, "umask": 63, "additionalGids": [5, 6]},
      "args": ["sh", ""], "commandLine": "x", "env": ["A=b"], "cwd": "/w",
      "capabilities": {"effective": ["E"], "bounding": ["B"], "inheritable": ["I"], "permitted": ["P"],
                       "ambient": ["A"]},
      "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1024}],
      "noNewPrivileges": true, "apparmorProfile": "p", "oomScoreAdj": -5, "selinuxLabel": "l",
      "scheduler": {"policy": "SCHED_DEADLINE", "nice": -20, "priority": 3, "flags": ["SCHED_FLAG_RECLAIM"], "runtime": 1,
                    "deadline": 2, "period": 3},
      "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 4},
      "execCPUAffinity": {"initial": "7", "final": "0-3,7"}})");
  REQUIRE(verdict(parsed) == "accepted");
  const Process& p = *parsed;
  CHECK(p.terminal);
  CHECK(p.console_size->height == 25);
  CHECK(p.console_size->width == 80);
  CHECK(p.user.uid == 4294967294);
  CHECK(p.user.gid == 2);
  CHECK(p.user.umask == mode_t{077});
  CHECK(p.user.additional_gids == std::vector<gid_t>{5, 6});
  CHECK(p.args == std::vector<std::string>{"sh", ""});
  CHECK(p.command_line == "x");
  CHECK(p.env == std::vector<std::string>{"A=b"});
  CHECK(p.cwd == "/w");
  CHECK(p.capabilities->effective == std::vector<std::string>{"E"});
  CHECK(p.capabilities->bounding == std::vector<std::string>{"B"});
  CHECK(p.capabilities->inheritable == std::vector<std::string>{"I"});
  CHECK(p.capabilities->permitted == std::vector<std::string>{"P"});
  CHECK(p.capabilities->ambient == std::vector<std::string>{"A"});
  CHECK(p.rlimits.at(0).type == RLIMIT_NOFILE);
  CHECK(p.rlimits.at(0).hard == RLIM_INFINITY);
  CHECK(p.rlimits.at(0).soft == 1024);
  CHECK(p.no_new_privileges);
  CHECK(p.apparmor_profile == "p");
  CHECK(p.oom_score_adj == -5);
  CHECK(p.selinux_label == "l");
  CHECK(p.scheduler->policy == 6);
  CHECK(p.scheduler->nice == -20);
  CHECK(p.scheduler->priority == 3);
  CHECK(p.scheduler->flags == std::vector<std::uint64_t>{2});
  CHECK(p.scheduler->runtime == 1);
  CHECK(p.scheduler->deadline == 2);
  CHECK(p.scheduler->period == 3);
  CHECK(p.io_priority->klass == 3);
  CHECK(p.io_priority->priority == 4);
  CHECK(p.exec_cpu_affinity->initial == "7");
  CHECK(p.exec_cpu_affinity->final == "0-3,7");
}

TEST_CASE("process: what is absent stays absent") {
  const auto parsed = parse_process(R"({"cwd": "/"})");
  REQUIRE(parsed);
  CHECK_FALSE(parsed->terminal);
  CHECK_FALSE(parsed->console_size);
  CHECK_FALSE(parsed->user.umask);
  CHECK_FALSE(parsed->capabilities);
  CHECK_FALSE(parsed->oom_score_adj);
  CHECK_FALSE(parsed->scheduler);
  CHECK_FALSE(parsed->command_line);
}

TEST_CASE("process: without a terminal the console's size is not even looked at") {
  CHECK(process(R"("consoleSize": "large")") == "accepted");
  CHECK(process(R"("terminal": true, "consoleSize": {"height": 1})") == "process.consoleSize.width: missing");
}

TEST_CASE("process: every resource limit of getrlimit(2), and no other") {
  struct Row {
    const char* name;
    int type;
  };
  for (const auto& [name, type] :
       {Row{"AS", RLIMIT_AS}, Row{"CORE", RLIMIT_CORE}, Row{"CPU", RLIMIT_CPU}, Row{"DATA", RLIMIT_DATA},
        Row{"FSIZE", RLIMIT_FSIZE}, Row{"LOCKS", RLIMIT_LOCKS}, Row{"MEMLOCK", RLIMIT_MEMLOCK},
        Row{"MSGQUEUE", RLIMIT_MSGQUEUE}, Row{"NICE", RLIMIT_NICE}, Row{"NOFILE", RLIMIT_NOFILE},
        Row{"NPROC", RLIMIT_NPROC}, Row{"RSS", RLIMIT_RSS}, Row{"RTPRIO", RLIMIT_RTPRIO},
        Row{"RTTIME", RLIMIT_RTTIME}, Row{"SIGPENDING", RLIMIT_SIGPENDING}, Row{"STACK", RLIMIT_STACK}}) {
    CAPTURE(name);
    const auto parsed = parse_process(R"({"cwd": "/", "rlimits": [{"type": "RLIMIT_)" + std::string(name) +
                                      R"(", "hard": 1, "soft": 0}]})");
    REQUIRE(verdict(parsed) == "accepted");
    CHECK(parsed->rlimits.at(0).type == type);
  }
  CHECK(process(R"("rlimits": [{"type": "RLIMIT_BOGUS", "hard": 1, "soft": 1}])") ==
        "process.rlimits[0].type: unknown resource limit \"RLIMIT_BOGUS\"");
}

TEST_CASE("process: wrong types and ranges are named by their path") {
  struct Row {
    const char *members, *said;
  };
  for (const auto& [members, said] : {
           Row{R"("args": ["a", "b", 3])", "process.args[2]: expected a string, found a number"},
           Row{R"("args": [null])", "process.args[0]: expected a string, found null"},
           Row{R"("args": ["a\u0000"])",
               "process.args[0]: contains a NUL character, which the kernel cannot take"},
           Row{R"("terminal": "yes")", "process.terminal: expected a boolean, found a string"},
           Row{R"("user": {"uid": -1})", "process.user.uid: expected 0 to 4294967295, found -1"},
           Row{R"("user": {"uid": 4294967296})",
               "process.user.uid: expected 0 to 4294967295, found 4294967296"},
           Row{R"("user": {"gid": "0"})", "process.user.gid: expected an integer, found a string"},
           Row{R"("user": {"gid": 1.0})",
               "process.user.gid: expected an integer, found a number with a fraction, an exponent or more "
               "than 64 "
               "bits"},
           Row{R"("user": {"additionalGids": [1, true]})",
               "process.user.additionalGids[1]: expected an integer, found a boolean"},
           Row{R"("oomScoreAdj": -2147483649)",
               "process.oomScoreAdj: expected -2147483648 to 2147483647, found -2147483649"},
           Row{R"("rlimits": [{"type": "RLIMIT_CPU", "hard": 18446744073709551616, "soft": 1}])",
               "process.rlimits[0].hard: expected an integer, found a number with a fraction, an exponent or "
               "more "
               "than 64 bits"},
           Row{R"("rlimits": [{"type": "RLIMIT_CPU", "hard": 1, "soft": -1}])",
               "process.rlimits[0].soft: expected 0 to 18446744073709551615, found -1"},
           Row{R"("rlimits": [{"type": "RLIMIT_CPU", "hard": 1}])", "process.rlimits[0].soft: missing"},
           Row{R"("capabilities": ["CAP_KILL"])", "process.capabilities: expected an object, found an array"},
           Row{R"("capabilities": {"ambient": "CAP_KILL"})",
               "process.capabilities.ambient: expected an array, found a string"},
           Row{R"("scheduler": {})", "process.scheduler.policy: missing"},
           Row{R"("scheduler": {"policy": "SCHED_FAIR"})",
               "process.scheduler.policy: unknown scheduling policy \"SCHED_FAIR\""},
           Row{R"("scheduler": {"policy": "SCHED_RR", "flags": ["SCHED_FLAG_RECLAIM", "F"]})",
               "process.scheduler.flags[1]: unknown flag \"F\""},
           Row{R"("ioPriority": {"priority": 1})", "process.ioPriority.class: missing"},
           Row{R"("ioPriority": {"class": "IOPRIO_CLASS_NONE"})",
               "process.ioPriority.class: unknown class \"IOPRIO_CLASS_NONE\""},
           Row{R"("execCPUAffinity": {"final": 3})",
               "process.execCPUAffinity.final: expected a string, found a number"},
       }) {
    CAPTURE(members);
    CHECK(process(members) == said);
  }
  CHECK(verdict(parse_process("{}")) == "process.cwd: missing");
  CHECK(verdict(parse_process("[]")) == "process: expected an object, found an array");
  CHECK(parse_with(R"("process": {"cwd": 1})") == "process.cwd: expected a string, found a number");
}
