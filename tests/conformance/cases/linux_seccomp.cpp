// config-linux.md, "Seccomp": what a filter does with calls that the probe makes.
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/files.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

json& seccomp(Container& box) {
  json& filter = box.config["linux"]["seccomp"];
  if (!filter.contains("defaultAction")) filter["defaultAction"] = "SCMP_ACT_ALLOW";
  return filter;
}

json rule(const std::vector<std::string>& names, std::string_view action) {
  return {{"names", names}, {"action", std::string(action)}};
}

std::string nr(long number) { return std::to_string(number); }

/// "syscall getpgid(0)" and what it ended with.
const std::string ask = "syscall " + nr(SYS_getpgid);
std::string error_of(const Facts& facts, long call) { return facts["syscall:" + nr(call) + ".errno"]; }

void forbidding(Container& box, const json& call) { seccomp(box)["syscalls"].push_back(call); }

// --- actions

/// `error`: of the call; `signal`: that ends the process that makes it.
struct Action {
  std::string_view name;
  int error, signal;
};
constexpr std::array actions = {
    Action{"SCMP_ACT_ERRNO", EPERM, 0},
    Action{"SCMP_ACT_KILL", 0, SIGSYS},
    Action{"SCMP_ACT_KILL_PROCESS", 0, SIGSYS},
    Action{"SCMP_ACT_KILL_THREAD", 0, SIGSYS},
    Action{"SCMP_ACT_TRAP", 0, SIGSYS},
    Action{"SCMP_ACT_TRACE", ENOSYS, 0},
    Action{"SCMP_ACT_LOG", 0, 0},
};

/// A call that passes, where there is a filter at all: seccomp(2), "SECCOMP_RET_TRACE", for the others.
void acts(Trial& t) {
  const Action& one = actions[t.row()];
  Container& box = t.container();
  forbidding(box, rule({"getpgid"}, one.name));
  const std::string child = nr(SYS_getpgid);
  const Facts facts = box.inside((one.signal != 0 ? "syscall-child " + child : ask) + " ; status ; syscall " +
                                 nr(SYS_getppid));
  if (one.signal != 0)
    t.expect_eq("the signal that ended who called", one.signal,
                std::atoi(facts["syscall_child:" + child].c_str()));
  else
    t.expect_eq("the errno of the call", std::to_string(one.error), error_of(facts, SYS_getpgid));
  t.expect_eq("the mode of seccomp", "2", facts["status.Seccomp"]);
  t.expect_eq("the errno of another call", "0", error_of(facts, SYS_getppid));
}

/// What a runtime may call between its filter and the program, and what the probe calls.
const std::vector<std::string> ordinary = words(
    "read write readv writev pread64 close close_range open openat openat2 fcntl fstat stat lstat "
    "newfstatat statx fstatfs statfs lseek access faccessat faccessat2 readlink readlinkat getdents64 "
    "dup dup2 dup3 pipe2 ioctl poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait "
    "epoll_pwait eventfd2 mmap munmap mprotect mremap madvise brk mincore rt_sigaction rt_sigprocmask "
    "rt_sigreturn sigaltstack futex set_tid_address set_robust_list rseq arch_prctl prctl capget "
    "capset getuid geteuid getgid getegid setuid setgid setresuid setresgid setgroups getpid getppid "
    "gettid tgkill tkill kill clone clone3 wait4 waitid exit exit_group execve execveat nanosleep "
    "clock_nanosleep clock_gettime sched_yield sched_getaffinity getrandom prlimit64 getrlimit "
    "setrlimit uname getcwd chdir fchdir umask socket connect sendmsg sendto recvmsg recvfrom "
    "getsockopt setsockopt restart_syscall seccomp sysinfo");

/// Everything else fails. With noNewPrivileges the filter can come last.
Container& allowing(Trial& t) {
  Container& box = t.container();
  box.config["process"]["noNewPrivileges"] = true;
  seccomp(box)["defaultAction"] = "SCMP_ACT_ERRNO";
  forbidding(box, rule(ordinary, "SCMP_ACT_ALLOW"));
  return box;
}

void default_denies(Trial& t) {
  Container& box = allowing(t);
  const Facts facts = box.inside(ask + " ; syscall " + nr(SYS_getppid));
  t.expect_eq("the errno of what no rule names", std::to_string(EPERM), error_of(facts, SYS_getpgid));
  t.expect_eq("the errno of what a rule allows", "0", error_of(facts, SYS_getppid));
}

void default_error(Trial& t) {
  Container& box = allowing(t);
  seccomp(box)["defaultErrnoRet"] = ENOTTY;
  t.expect_eq("the errno of what no rule names", std::to_string(ENOTTY),
              error_of(box.inside(ask), SYS_getpgid));
}

void error_chosen(Trial& t) {
  Container& box = t.container();
  json call = rule({"getpgid"}, "SCMP_ACT_ERRNO");
  call["errnoRet"] = ENOTTY;
  forbidding(box, call);
  t.expect_eq("the errno of the call", std::to_string(ENOTTY), error_of(box.inside(ask), SYS_getpgid));
}

void no_filter(Trial& t) {
  t.expect_eq("the mode of seccomp", "0", t.container().inside("status")["status.Seccomp"]);
}

/// All names of a rule, and all rules.
void several(Trial& t) {
  Container& box = t.container();
  forbidding(box, rule({"getpgid", "getsid"}, "SCMP_ACT_ERRNO"));
  json second = rule({"personality"}, "SCMP_ACT_ERRNO");
  second["errnoRet"] = ENOTTY;
  forbidding(box, second);
  const Facts facts = box.inside(ask + " ; syscall " + nr(SYS_getsid) + " ; syscall " + nr(SYS_personality));
  t.expect_eq("the errno of getpgid", std::to_string(EPERM), error_of(facts, SYS_getpgid));
  t.expect_eq("the errno of getsid", std::to_string(EPERM), error_of(facts, SYS_getsid));
  t.expect_eq("the errno of personality", std::to_string(ENOTTY), error_of(facts, SYS_personality));
}

// --- arguments

json argument(unsigned index, std::uint64_t value, std::string_view op, std::uint64_t two = 0) {
  return {{"index", index}, {"value", value}, {"valueTwo", two}, {"op", std::string(op)}};
}

/// `verdicts`: of the calls with 0, 8 and 9; "-" where the rule holds.
struct Operator {
  std::string_view name, verdicts;
  std::uint64_t value, two;
};
constexpr std::array operators = {
    Operator{"SCMP_CMP_NE", "-+-", 8, 0},        Operator{"SCMP_CMP_LT", "-++", 8, 0},
    Operator{"SCMP_CMP_LE", "--+", 8, 0},        Operator{"SCMP_CMP_EQ", "+-+", 8, 0},
    Operator{"SCMP_CMP_GE", "+--", 8, 0},        Operator{"SCMP_CMP_GT", "++-", 8, 0},
    Operator{"SCMP_CMP_MASKED_EQ", "+--", 8, 8},
};

/// A call with six arguments that fails, but not with ENOTTY.
std::string with_arguments(const std::string& list) {
  return "syscall " + nr(SYS_process_vm_readv) + " " + list;
}
bool forbidden(const Facts& facts) { return error_of(facts, SYS_process_vm_readv) == std::to_string(ENOTTY); }

Container& with_conditions(Trial& t, const json& conditions) {
  Container& box = t.container();
  json call = rule({"process_vm_readv"}, "SCMP_ACT_ERRNO");
  call["errnoRet"] = ENOTTY;
  call["args"] = conditions;
  forbidding(box, call);
  return box;
}

void compares(Trial& t) {
  const Operator& one = operators[t.row()];
  std::string verdicts;
  for (const char* value : {"0", "8", "9"}) {
    Container& box = with_conditions(t, json::array({argument(5, one.value, one.name, one.two)}));
    verdicts += forbidden(box.inside(with_arguments("0 0 0 0 0 " + std::string(value)))) ? "-" : "+";
  }
  t.expect_eq("calls with 0, 8 and 9", one.verdicts, verdicts);
}

struct Index {
  std::string_view name, holds, fails;
};
constexpr std::array indices = {
    Index{"0", "7", "0 7 7 7 7 7"},         Index{"1", "0 7", "7 0 7 7 7 7"},
    Index{"2", "0 0 7", "7 7 0 7 7 7"},     Index{"3", "0 0 0 7", "7 7 7 0 7 7"},
    Index{"4", "0 0 0 0 7", "7 7 7 7 0 7"}, Index{"5", "0 0 0 0 0 7", "7 7 7 7 7 0"},
};

void indexed(Trial& t) {
  const Index& one = indices[t.row()];
  for (const bool holds : {true, false}) {
    Container& box =
        with_conditions(t, json::array({argument(static_cast<unsigned>(t.row()), 7, "SCMP_CMP_EQ")}));
    const std::string list(holds ? one.holds : one.fails);
    t.expect_eq("the rule for the arguments " + list, holds, forbidden(box.inside(with_arguments(list))));
  }
}

void wide(Trial& t) {
  for (const char* value : {"0x700000001", "1"}) {
    Container& box = with_conditions(t, json::array({argument(5, 0x700000001, "SCMP_CMP_EQ")}));
    t.expect_eq(std::string("the rule for ") + value, value[1] == 'x',
                forbidden(box.inside(with_arguments("0 0 0 0 0 " + std::string(value)))));
  }
}

constexpr Clause clause(std::string_view text) { return {"config-linux.md", "Seccomp", Level::must, text}; }
constexpr std::string_view values =
    "The actions, architectures, and operators are strings that match the definitions in seccomp.h from "
    "libseccomp and are translated to corresponding values.";

constexpr Case single[] = {
    {"linux-seccomp/default-action",
     clause("`defaultAction` (string, REQUIRED) - the default action for seccomp."), default_denies},
    {"linux-seccomp/defaultErrnoRet",
     clause("`defaultErrnoRet` (uint, OPTIONAL) - the errno return code to use."), default_error},
    {"linux-seccomp/errnoRet", clause("`errnoRet` (uint, OPTIONAL) - the errno return code to use."),
     error_chosen},
    {"linux-seccomp/none", clause("`seccomp` (object, OPTIONAL)"), no_filter},
    {"linux-seccomp/several", clause("`names` (array of strings, REQUIRED) - the names of the syscalls."),
     several},
    {"linux-seccomp/value-of-64-bits",
     clause("`value` (uint64, REQUIRED) - the value for syscall arguments in seccomp."), wide},
};
constexpr auto cases = joined(
    each(actions, {"linux-seccomp/action", clause(values), acts}), std::to_array(single),
    each(operators,
         {"linux-seccomp/operator",
          clause("`op` (string, REQUIRED) - the operator for syscall arguments in seccomp."), compares}),
    each(indices,
         {"linux-seccomp/index",
          clause("`index` (uint, REQUIRED) - the index for syscall arguments in seccomp."), indexed}));

}  // namespace

std::span<const Case> linux_seccomp_cases() { return cases; }

}  // namespace conformance
