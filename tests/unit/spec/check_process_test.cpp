#include <sys/resource.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string after(void (*spoil)(Process&)) {
  Process process{.args = {"sh"}, .cwd = "/"};
  spoil(process);
  const std::string alone = verdict(check(process));
  CHECK(check_after([&](Config& c) { c.process = process; }) == alone);  // as part of a whole it is the same
  return alone;
}

TEST_CASE("check process: program and folder") {
  CHECK(after([](Process&) {}) == "accepted");
  CHECK(after([](Process& p) { p.args.clear(); }) ==
        "process.args: must have at least one entry, the program");
  CHECK(after([](Process& p) { p.command_line = "x"; }) ==
        "process.commandLine: for Windows only; use process.args");
  CHECK(after([](Process& p) { p.cwd = "tmp"; }) == "process.cwd: must be an absolute path, found \"tmp\"");
  CHECK(after([](Process& p) { p.cwd = ""; }) == "process.cwd: must be an absolute path, found \"\"");
}

TEST_CASE("check process: variables have names") {
  CHECK(after([](Process& p) { p.env = {"A=", "B=c=d", "C= "}; }) == "accepted");
  CHECK(after([](Process& p) {
          p.env = {"A=1", "B"};
        }) == "process.env[1]: expected NAME=VALUE, found \"B\"");
  CHECK(after([](Process& p) { p.env = {""}; }) == "process.env[0]: expected NAME=VALUE, found \"\"");
  CHECK(after([](Process& p) { p.env = {"=1"}; }) == "process.env[0]: the name is empty in \"=1\"");
}

TEST_CASE("check process: resource limits") {
  CHECK(after([](Process& p) { p.rlimits = {{RLIMIT_CPU, 2, 1}, {RLIMIT_NOFILE, 1, 1}}; }) == "accepted");
  CHECK(after([](Process& p) {
          p.rlimits = {{RLIMIT_CPU, 1, 2}};
        }) == "process.rlimits[0].soft: 2 is above the hard limit of 1");
  CHECK(after([](Process& p) {
          p.rlimits = {{RLIMIT_CPU, 1, 1}, {RLIMIT_NOFILE, 1, 1}, {RLIMIT_CPU, 3, 3}};
        }) == "process.rlimits[2].type: the same as that of process.rlimits[0]");
}

TEST_CASE("check process: numbers that the kernel would bend or refuse") {
  CHECK(after([](Process& p) { p.oom_score_adj = -1000; }) == "accepted");
  CHECK(after([](Process& p) { p.oom_score_adj = 1000; }) == "accepted");
  CHECK(after([](Process& p) { p.oom_score_adj = 1001; }) ==
        "process.oomScoreAdj: expected -1000 to 1000, found 1001");
  CHECK(after([](Process& p) { p.oom_score_adj = -1001; }).starts_with("process.oomScoreAdj: "));
  CHECK(after([](Process& p) { p.user.umask = 0777; }) == "accepted");
  CHECK(after([](Process& p) { p.user.umask = 01000; }).starts_with("process.user.umask: "));
  CHECK(after([](Process& p) { p.user.uid = 4294967295; }).starts_with("process.user: 4294967295 "));
  CHECK(after([](Process& p) { p.user.gid = 4294967295; }).starts_with("process.user: 4294967295 "));
  CHECK(after([](Process& p) {
          p.user.additional_gids = {1, 4294967295};
        }).starts_with("process.user.additionalGids[1]: "));
  CHECK(after([](Process& p) { p.console_size = Box{65535, 65535}; }) == "accepted");
  CHECK(after([](Process& p) {
          p.console_size = Box{24, 65536};
        }).starts_with("process.consoleSize: 65536 x 24 "));
  CHECK(after([](Process& p) { p.console_size = Box{65536, 80}; }).starts_with("process.consoleSize: "));
}

TEST_CASE("check process: CPU affinity is for exec alone, and taken") {
  CHECK(after([](Process& p) { p.exec_cpu_affinity = ExecCpuAffinity{"0", "1"}; }) == "accepted");
}
