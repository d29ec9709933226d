// config-linux.md, "Seccomp": architectures and flags beside a rule that holds, and what is an error.
#include <sys/syscall.h>

#include <cerrno>

#include "tests/conformance/cases/all.hpp"
#include "tests/conformance/harness/trial.hpp"

namespace conformance {
namespace {

/// One rule: getpgid fails with ENOTTY.
json filter() {
  return {{"defaultAction", "SCMP_ACT_ALLOW"},
          {"syscalls", {{{"names", {"getpgid"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", ENOTTY}}}}};
}

void expect_in_force(Trial& t, Container& box) {
  const std::string call = std::to_string(SYS_getpgid);
  t.expect_eq("the errno of the forbidden call", std::to_string(ENOTTY),
              box.inside("syscall " + call)["syscall:" + call + ".errno"]);
}

// --- flags, architectures

struct Flag {
  std::string_view name;
  const Need* need = nullptr;
};
constexpr Need linux_4_17{"Linux 4.17", [](const Machine& m) { return m.kernel(4, 17); }};
constexpr std::array flags = {Flag{"SECCOMP_FILTER_FLAG_TSYNC"}, Flag{"SECCOMP_FILTER_FLAG_LOG"},
                              Flag{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", &linux_4_17}};

void flagged(Trial& t) {
  Container& box = t.container();
  box.config["linux"]["seccomp"] = filter();
  box.config["linux"]["seccomp"]["flags"] = {std::string(flags[t.row()].name)};
  expect_in_force(t, box);
}

struct Machines {
  std::string_view name, others;
};
#if defined(__x86_64__)
constexpr const char* native = "SCMP_ARCH_X86_64";
constexpr std::array families = {Machines{"native", ""}, Machines{"x86", "SCMP_ARCH_X86"},
                                 Machines{"x32", "SCMP_ARCH_X32"}, Machines{"foreign", "SCMP_ARCH_AARCH64"}};
#else
constexpr const char* native = "SCMP_ARCH_AARCH64";
constexpr std::array families = {Machines{"native", ""}, Machines{"arm", "SCMP_ARCH_ARM"},
                                 Machines{"foreign", "SCMP_ARCH_X86_64"}};
#endif

void of_architectures(Trial& t) {
  Container& box = t.container();
  json& seccomp = box.config["linux"]["seccomp"] = filter();
  seccomp["architectures"] = {native};
  if (const auto others = families[t.row()].others; !others.empty())
    seccomp["architectures"].push_back(std::string(others));
  expect_in_force(t, box);
}

// --- errors

/// `change`: what becomes of filter(), as RFC 7386 merges it; `text`: the sentence.
struct Bad {
  std::string_view name, change, text;
};
constexpr std::string_view no_errno =
    "When the action doesn't support an errno, the runtime MUST print and error and fail.";
constexpr std::string_view values =
    "The actions, architectures, and operators are strings that match the definitions in seccomp.h from "
    "libseccomp and are translated to corresponding values.";
constexpr std::array bads = {
    Bad{"action-unknown", R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_NOSUCH"}]})", values},
    Bad{"defaultAction-unknown", R"({"defaultAction": "SCMP_ACT_NOSUCH"})", values},
    Bad{"operator-unknown",
        R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [
           {"index": 0, "value": 0, "op": "SCMP_CMP_NOSUCH"}]}]})",
        values},
    Bad{"architecture-unknown", R"({"architectures": ["SCMP_ARCH_NOSUCH"]})", values},
    Bad{"flag-unknown", R"({"flags": ["SECCOMP_FILTER_FLAG_NOSUCH"]})",
        "A valid list of constants is shown below."},
    Bad{"index-6",
        R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [
           {"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]})",
        "`index` (uint, REQUIRED) - the index for syscall arguments in seccomp."},
    Bad{"names-empty", R"({"syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]})",
        "`names` MUST contain at least one entry."},
    Bad{"defaultAction-missing", R"({"defaultAction": null})",
        "`defaultAction` (string, REQUIRED) - the default action for seccomp."},
    Bad{"action-missing", R"({"syscalls": [{"names": ["getpgid"]}]})",
        "`action` (string, REQUIRED) - the action for seccomp rules."},
    Bad{"names-missing", R"({"syscalls": [{"action": "SCMP_ACT_ERRNO"}]})",
        "`names` (array of strings, REQUIRED) - the names of the syscalls."},
    Bad{"op-missing",
        R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [
           {"index": 0, "value": 0}]}]})",
        "`op` (string, REQUIRED) - the operator for syscall arguments in seccomp."},
    Bad{"errnoRet-of-ALLOW",
        R"({"defaultAction": "SCMP_ACT_LOG", "syscalls": [
           {"names": ["getpgid"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]})",
        no_errno},
    Bad{"errnoRet-of-KILL",
        R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_KILL", "errnoRet": 1}]})", no_errno},
    Bad{"errnoRet-of-LOG",
        R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_LOG", "errnoRet": 1}]})", no_errno},
    Bad{"defaultErrnoRet-of-ALLOW", R"({"defaultErrnoRet": 1})", no_errno},
    Bad{"defaultErrnoRet-of-LOG", R"({"defaultAction": "SCMP_ACT_LOG", "defaultErrnoRet": 1})", no_errno},
};

void invalid(Trial& t) {
  Container& box = t.container();
  json& seccomp = box.config["linux"]["seccomp"] = filter();
  seccomp.merge_patch(json::parse(bads[t.row()].change));
  t.expect_error("create with " + seccomp.dump(), box.create());
  t.expect("the container", !box.known(), "not to exist", "it does");
}

constexpr Clause clause(std::string_view text) { return {"config-linux.md", "Seccomp", Level::must, text}; }

constexpr auto cases = joined(
    each(families, {"linux-seccomp/architectures",
                    clause("`architectures` (array of strings, OPTIONAL) - the architecture used for system "
                           "calls."),
                    of_architectures}),
    each(flags,
         {"linux-seccomp/flag",
          clause("`flags` (array of strings, OPTIONAL) - list of flags to use with seccomp(2)."), flagged}),
    each(bads, {"linux-seccomp/invalid-is-error", clause(values), invalid}));

}  // namespace

std::span<const Case> linux_seccomp_config_cases() { return cases; }

}  // namespace conformance
