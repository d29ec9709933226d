#include <fmt/core.h>

#include "tests/unit/spec/support.hpp"

using namespace lodger::spec;

static std::string seccomp(std::string_view members) {
  return parse_with(fmt::format(R"("linux": {{"seccomp": {{{}}}}})", members));
}

TEST_CASE("seccomp: every member has its place") {
  const Config config = parsed_with(R"("linux": {"seccomp": {
      "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"],
      "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/s", "listenerMetadata": "m",
      "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
                   {"names": ["personality"], "action": "SCMP_ACT_TRACE", "errnoRet": 9,
                    "args": [{"index": 1, "value": 18446744073709551615, "valueTwo": 2,
                              "op": "SCMP_CMP_MASKED_EQ"}]}]}})");
  const Seccomp& s = *config.linux->seccomp;
  CHECK(s.default_action == SeccompAction::errno_);
  CHECK(s.default_errno_ret == 38U);
  CHECK(s.architectures == std::vector<std::string>{"SCMP_ARCH_X86_64"});
  CHECK(s.flags == std::vector<std::string>{"SECCOMP_FILTER_FLAG_LOG"});
  CHECK(s.listener_path == "/s");
  CHECK(s.listener_metadata == "m");
  REQUIRE(s.syscalls.size() == 2);
  CHECK(s.syscalls[0].names == std::vector<std::string>{"read", "write"});
  CHECK(s.syscalls[0].action == SeccompAction::allow);
  CHECK_FALSE(s.syscalls[0].errno_ret);
  CHECK(s.syscalls[1].errno_ret == 9U);
  REQUIRE(s.syscalls[1].args.size() == 1);
  CHECK(s.syscalls[1].args[0].index == 1);
  CHECK(s.syscalls[1].args[0].value == 18446744073709551615U);
  CHECK(s.syscalls[1].args[0].value_two == 2);
  CHECK(s.syscalls[1].args[0].op == SeccompOperator::masked_eq);
}

TEST_CASE("seccomp: absent flags are not empty flags") {
  CHECK_FALSE(
      parsed_with(R"("linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG"}})").linux->seccomp->flags);
  CHECK(parsed_with(R"("linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG", "flags": []}})")
            .linux->seccomp->flags);
}

TEST_CASE("seccomp: every action and operator") {
  struct Action {
    const char* name;
    SeccompAction value;
  };
  for (const auto& [name, value] :
       {Action{"KILL", SeccompAction::kill}, Action{"KILL_PROCESS", SeccompAction::kill_process},
        Action{"KILL_THREAD", SeccompAction::kill_thread}, Action{"TRAP", SeccompAction::trap},
        Action{"ERRNO", SeccompAction::errno_}, Action{"TRACE", SeccompAction::trace},
        Action{"ALLOW", SeccompAction::allow}, Action{"LOG", SeccompAction::log},
        Action{"NOTIFY", SeccompAction::notify}}) {
    CAPTURE(name);
    const Config config =
        parsed_with(fmt::format(R"("linux": {{"seccomp": {{"defaultAction": "SCMP_ACT_{}"}}}})", name));
    CHECK(config.linux->seccomp->default_action == value);
  }
  struct Operator {
    const char* name;
    SeccompOperator value;
  };
  for (const auto& [name, value] : {Operator{"NE", SeccompOperator::ne}, Operator{"LT", SeccompOperator::lt},
                                    Operator{"LE", SeccompOperator::le}, Operator{"EQ", SeccompOperator::eq},
                                    Operator{"GE", SeccompOperator::ge}, Operator{"GT", SeccompOperator::gt},
                                    Operator{"MASKED_EQ", SeccompOperator::masked_eq}}) {
    CAPTURE(name);
    const Config config = parsed_with(fmt::format(
        R"("linux": {{"seccomp": {{"defaultAction": "SCMP_ACT_LOG", "syscalls": [{{"names": ["read"],
           "action": "SCMP_ACT_LOG", "args": [{{"index": 0, "value": 1, "op": "SCMP_CMP_{}"}}]}}]}}}})",
        name));
    CHECK(config.linux->seccomp->syscalls.at(0).args.at(0).op == value);
  }
}

TEST_CASE("seccomp: every architecture and flag of the specification") {
  for (const char* name :
       {"X86",    "X86_64",   "X32",         "ARM",         "AARCH64", "MIPS",    "MIPS64", "MIPS64N32",
        "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC",         "PPC64",   "PPC64LE", "S390",   "S390X",
        "PARISC", "PARISC64", "RISCV64",     "LOONGARCH64", "M68K",    "SH",      "SHEB"})
    CHECK(seccomp(fmt::format(R"("defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_{}"])",
                              name)) == "accepted");
  for (const char* name : {"TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"})
    CHECK(seccomp(fmt::format(R"("defaultAction": "SCMP_ACT_LOG", "flags": ["SECCOMP_FILTER_FLAG_{}"])",
                              name)) == "accepted");
}

TEST_CASE("seccomp: unknown words and wrong types") {
  struct Row {
    const char *members, *said;
  };
  for (
      const auto& [members, said] : {
          Row{"", "linux.seccomp.defaultAction: missing"},
          Row{R"("defaultAction": "SCMP_ACT_FOO")",
              "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_FOO\""},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_Z80"])",
              "linux.seccomp.architectures[1]: unknown architecture \"SCMP_ARCH_Z80\""},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "flags": ["LOG"])",
              "linux.seccomp.flags[0]: unknown flag \"LOG\""},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "flags": "LOG")",
              "linux.seccomp.flags: expected an array, found a string"},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG"}, {"names": ["a"], "action": "SCMP_ACT_FOO"}])",
              "linux.seccomp.syscalls[1].action: unknown action \"SCMP_ACT_FOO\""},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "syscalls": [{"action": "SCMP_ACT_LOG"}])",
              "linux.seccomp.syscalls[0].names: missing"},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 0, "op": "=="}]}])",
              "linux.seccomp.syscalls[0].args[0].op: unknown operator \"==\""},
          Row{R"("defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]}])",
              "linux.seccomp.syscalls[0].args[0].value: missing"},
      }) {
    CAPTURE(members);
    CHECK(seccomp(members) == said);
  }
}
