// config-linux.md, "Seccomp": verdicts as the payload meets them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "support/container.hpp"
#include "support/needs.hpp"
#include "support/proc.hpp"

using namespace lodger::test;
using nlohmann::json;

namespace {

/// Everything allowed but `calls`.
Edit forbid(json calls) {
  return [calls = std::move(calls)](json& config) {
    config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", calls}};
  };
}

json call(std::vector<std::string> names, const char* action) {
  return {{"names", names}, {"action", action}};
}

std::string number(long nr) { return std::to_string(nr); }

}  // namespace

TEST_CASE("seccomp: a forbidden call fails with EPERM, its neighbours pass", "[seccomp]") {
  NEEDS_ROOT();
  const std::string line =
      "mkdir /tmp/x ; syscall " + number(SYS_getpid) + " ; syscall " + number(SYS_getpgrp) + " ; status";
  const Facts facts = inside(line, forbid({call({"mkdir", "getpgrp"}, "SCMP_ACT_ERRNO")}));
  CHECK(facts["mkdir:/tmp/x.errno"] == std::to_string(EPERM));
  CHECK(facts["syscall:" + number(SYS_getpgrp) + ".errno"] == std::to_string(EPERM));
  CHECK(facts["syscall:" + number(SYS_getpid)] == "1");
  CHECK(facts["status.Seccomp"] == "2");
  CHECK(inside("mkdir /tmp/x")["mkdir:/tmp/x.errno"] == "0");
}

TEST_CASE("seccomp: errnoRet chooses the error", "[seccomp]") {
  NEEDS_ROOT();
  json rule = call({"mkdir"}, "SCMP_ACT_ERRNO");
  rule["errnoRet"] = ENOTTY;
  CHECK(inside("mkdir /tmp/x", forbid({rule}))["mkdir:/tmp/x.errno"] == std::to_string(ENOTTY));
}

TEST_CASE("seccomp: kill actions kill with SIGSYS", "[seccomp]") {
  NEEDS_ROOT();
  for (const char* action :
       {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"}) {
    INFO(action);
    const Facts facts = inside("syscall-child " + number(SYS_getpgrp), forbid({call({"getpgrp"}, action)}));
    CHECK(facts["syscall_child:" + number(SYS_getpgrp)] == std::to_string(SIGSYS));
  }
}

TEST_CASE("seccomp: LOG lets the call pass", "[seccomp]") {
  NEEDS_ROOT();
  CHECK(inside("mkdir /tmp/x", forbid({call({"mkdir"}, "SCMP_ACT_LOG")}))["mkdir:/tmp/x.errno"] == "0");
}

TEST_CASE("seccomp: conditions on arguments", "[seccomp]") {
  NEEDS_ROOT();
  const std::string nr = number(SYS_personality);
  const auto verdicts = [&](const char* op, unsigned long value, unsigned long two) {
    json rule = call({"personality"}, "SCMP_ACT_ERRNO");
    rule["args"] = {{{"index", 0}, {"value", value}, {"valueTwo", two}, {"op", op}}};
    std::string out;
    for (const char* argument : {"0", "8", "9"})
      out += inside("syscall " + nr + " " + argument, forbid({rule}))["syscall:" + nr + ".errno"] == "0"
                 ? "+"
                 : "-";
    return out;
  };
  CHECK(verdicts("SCMP_CMP_EQ", 8, 0) == "+-+");
  CHECK(verdicts("SCMP_CMP_NE", 8, 0) == "-+-");
  CHECK(verdicts("SCMP_CMP_LT", 8, 0) == "-++");
  CHECK(verdicts("SCMP_CMP_LE", 8, 0) == "--+");
  CHECK(verdicts("SCMP_CMP_GE", 8, 0) == "+--");
  CHECK(verdicts("SCMP_CMP_GT", 8, 0) == "++-");
  CHECK(verdicts("SCMP_CMP_MASKED_EQ", 8, 8) == "+--");
}

TEST_CASE("seccomp: several conditions of one rule must all hold", "[seccomp]") {
  NEEDS_ROOT();
  const std::string nr = number(SYS_kcmp);
  json rule = call({"kcmp"}, "SCMP_ACT_ERRNO");
  rule["errnoRet"] = ENOTTY;
  rule["args"] = {{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_EQ"}},
                  {{"index", 1}, {"value", 1}, {"op", "SCMP_CMP_EQ"}}};
  const auto error = [&](const char* arguments) {
    return inside("syscall " + nr + " " + arguments, forbid({rule}))["syscall:" + nr + ".errno"];
  };
  CHECK(error("1 1 99") == std::to_string(ENOTTY));
  CHECK(error("1 2 99") != std::to_string(ENOTTY));
  CHECK(error("2 1 99") != std::to_string(ENOTTY));
}

TEST_CASE("seccomp: a default of ERRNO forbids what no rule names", "[seccomp]") {
  NEEDS_ROOT();
  const Facts facts = inside(
      "mkdir /tmp/x ; syscall " + number(SYS_getpgrp) + " ; syscall " + number(SYS_gettid), [](json& config) {
        config["process"]["noNewPrivileges"] = true;  // then the filter is the last thing before the program
        config["linux"]["seccomp"] = {
            {"defaultAction", "SCMP_ACT_ERRNO"},
            {"defaultErrnoRet", ENOSYS},
            {"syscalls",
             {call({"read", "write", "execve", "exit_group", "brk", "arch_prctl", "mmap", "set_tid_address",
                    "set_robust_list", "rseq", "mprotect", "prlimit64", "readlink", "readlinkat", "getrandom",
                    "newfstatat", "getpgrp"},
                   "SCMP_ACT_ALLOW")}}};
      });
  CHECK(facts["mkdir:/tmp/x.errno"] == std::to_string(ENOSYS));
  CHECK(facts["syscall:" + number(SYS_gettid) + ".errno"] == std::to_string(ENOSYS));
  CHECK(facts["syscall:" + number(SYS_getpgrp) + ".errno"] == "0");
}

TEST_CASE("seccomp: a profile too strict for the set-up itself is an error with words", "[seccomp]") {
  NEEDS_ROOT();
  // without noNewPrivileges the filter must be loaded before the capabilities go: seccomp(2)
  const Finished done = outcome("echo ran", [](json& config) {
    config["linux"]["seccomp"] = {
        {"defaultAction", "SCMP_ACT_ERRNO"},
        {"syscalls", {call({"read", "write", "execve", "exit_group"}, "SCMP_ACT_ALLOW")}}};
  });
  CHECK(done.status != 0);
  CHECK(done.err != "");
}

TEST_CASE("seccomp: is on for root and ordinary users, with and without noNewPrivileges", "[seccomp]") {
  NEEDS_ROOT();
  const auto [uid, nnp] = GENERATE(table<int, bool>({{0, false}, {0, true}, {1000, false}, {1000, true}}));
  const int user = uid;
  const bool privileges = nnp;
  const Facts facts = inside("mkdir /dev/shm/x ; attributes ; status", [&](json& config) {
    forbid({call({"mkdir"}, "SCMP_ACT_ERRNO")})(config);
    config["process"]["user"] = {{"uid", user}, {"gid", user}};
    config["process"]["noNewPrivileges"] = privileges;
  });
  CHECK(facts["mkdir:/dev/shm/x.errno"] == std::to_string(EPERM));
  CHECK(facts["nnp"] == (nnp ? "1" : "0"));
  CHECK(facts["status.Seccomp"] == "2");
}

TEST_CASE("seccomp: the filter is on while the container waits to be started, or comes with the program",
          "[seccomp]") {
  NEEDS_ROOT();
  const Bundle bundle("hold", forbid({call({"mkdir"}, "SCMP_ACT_ERRNO")}));
  Container container(bundle);
  container.create();
  container.start();
  container.wait_for_output("holding");
  CHECK(proc_status(container.pid(), "Seccomp") == "2");
}

TEST_CASE("seccomp: a call that this machine does not know is left out", "[seccomp]") {
  NEEDS_ROOT();
  const Facts facts = inside("mkdir /tmp/x", forbid({call({"no_such_call", "mkdir"}, "SCMP_ACT_ERRNO")}));
  CHECK(facts["mkdir:/tmp/x.errno"] == std::to_string(EPERM));
}

TEST_CASE("seccomp: unknown actions, architectures, operators and flags are refused", "[seccomp]") {
  NEEDS_ROOT();
  refused(forbid({call({"mkdir"}, "SCMP_ACT_SHRUG")}), {"SCMP_ACT_SHRUG"});
  refused(
      [](json& config) {
        config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                      {"architectures", {"SCMP_ARCH_PDP11"}}};
      },
      {"SCMP_ARCH_PDP11"});
  json rule = call({"mkdir"}, "SCMP_ACT_ERRNO");
  rule["args"] = {{{"index", 0}, {"value", 1}, {"op", "SCMP_CMP_ISH"}}};
  refused(forbid({rule}), {"SCMP_CMP_ISH"});
  refused(
      [](json& config) {
        config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ALLOW"},
                                      {"flags", {"SECCOMP_FILTER_FLAG_FUN"}}};
      },
      {"SECCOMP_FILTER_FLAG_FUN"});
}

TEST_CASE("seccomp: Docker's default profile lets an ordinary program run and forbids mounting",
          "[seccomp]") {
  NEEDS_ROOT();
  const char* folder = std::getenv("LODGER_FIXTURES");
  const std::string profile =
      folder == nullptr ? "" : read_file(std::string(folder) + "/seccomp/docker-default.json");
  NEEDS(!profile.empty(), "LODGER_FIXTURES names no folder with seccomp/docker-default.json");
  const Facts facts = inside("ids ; mount tmpfs /tmp ; status ; fork 2 ; syscall " + number(SYS_kexec_load),
                             [&](json& config) { config["linux"]["seccomp"] = json::parse(profile); });
  CHECK(facts["uid"] == "0");
  CHECK(facts["mount:/tmp.errno"] == std::to_string(EPERM));
  CHECK(facts["fork.count"] == "2");
  CHECK(facts["syscall:" + number(SYS_kexec_load) + ".errno"] == std::to_string(EPERM));
  CHECK(facts["status.Seccomp"] == "2");
}

TEST_CASE("seccomp: a failing exec is told although the filter forbids to tell it", "[seccomp]") {
  NEEDS_ROOT();
  const Bundle bundle(std::vector<std::string>{"/bin/nonsense"}, [](json& config) {
    config["linux"]["seccomp"] = {{"defaultAction", "SCMP_ACT_ERRNO"},
                                  {"syscalls", {call({"execve", "exit_group"}, "SCMP_ACT_ALLOW")}}};
  });
  write_file(bundle.rootfs("/bin/nonsense"), "neither ELF nor script", 0755);
  Container container(bundle);
  Finished done;
  SECTION("start") {
    container.create();
    done = container.call({"start", container.id()});
  }
  SECTION("run") { done = container.run(); }
  SECTION("run --detach") { done = container.run({"--detach"}); }
  CHECK(done.status == 1);
  CHECK_THAT(done.err, Catch::Contains("/bin/nonsense") && Catch::Contains("exec format error"));
}
