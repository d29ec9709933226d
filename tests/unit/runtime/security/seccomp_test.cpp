// What compile() promises beyond being equal to libseccomp: see seccomp.hpp.
#include "runtime/security/seccomp.hpp"

#include <catch2/catch.hpp>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "bpf_machine.hpp"
#include "profiles.hpp"
#include "reference.hpp"
#include "runtime/security/syscalls.hpp"

using namespace lodger;
using namespace lodger::security;
using test::profile;
using test::rule;
using Action = spec::SeccompAction;
using Op = spec::SeccompOperator;

namespace {

constexpr std::uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS, eperm = SECCOMP_RET_ERRNO | EPERM;

std::uint32_t ask(const SeccompProgram& program, std::uint32_t audit, std::uint32_t number,
                  std::array<std::uint64_t, 6> args = {}) {
  seccomp_data data{static_cast<int>(number), audit, 0, {}};
  std::copy(args.begin(), args.end(), data.args);
  return test::run(program.instructions, data);
}

std::uint32_t number_of(const char* arch, const char* name) {
  const auto a = *find_architecture(arch);
  return architectures()[a].base + syscall_slot(a, *find_syscall(name));
}

std::string refusal(const spec::Seccomp& wrong) {
  const auto program = compile(wrong);
  return program ? "accepted" : program.error().text;
}

}  // namespace

TEST_CASE("calls newer than the profile get ENOSYS where the default stops calls") {
  const auto action = GENERATE(Action::errno_, Action::kill, Action::kill_process, Action::trap);
  const auto program = compile(profile(action, {rule({"read", "openat2"}, Action::allow)},
                                       {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}));
  REQUIRE(program);
  const auto last = number_of("SCMP_ARCH_X86_64", "openat2");
  CHECK(ask(*program, AUDIT_ARCH_X86_64, last) == SECCOMP_RET_ALLOW);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, last - 1) != enosys);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, last + 1) == enosys);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 0x3fffffff) == enosys);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 0x40000000 + last) == SECCOMP_RET_ALLOW);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 0x40000000 + last + 1) == enosys);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 0xffffffff) == enosys);
  CHECK(ask(*program, AUDIT_ARCH_I386, number_of("SCMP_ARCH_X86", "openat2") + 1) == enosys);
  CHECK(ask(*program, AUDIT_ARCH_AARCH64, 0) == SECCOMP_RET_KILL_THREAD);
}

TEST_CASE("a call counts as known to the profile whatever its action") {
  const auto program =
      compile(profile(Action::errno_, {rule({"read"}, Action::allow), rule({"openat2"}, Action::errno_)}));
  REQUIRE(program);
  const auto last = number_of("SCMP_ARCH_X86_64", "openat2");
  CHECK(ask(*program, AUDIT_ARCH_X86_64, last) == eperm);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, last + 1) == enosys);
}

TEST_CASE("no ENOSYS where the default lets calls pass, nor where the profile names nothing") {
  for (const auto action : {Action::allow, Action::log, Action::trace}) {
    const auto program = compile(profile(action, {rule({"read"}, Action::kill)}));
    CHECK(ask(*program, AUDIT_ARCH_X86_64, 900) != enosys);
  }
  CHECK(ask(*compile(profile(Action::errno_, {})), AUDIT_ARCH_X86_64, 900) == eperm);
  CHECK(ask(*compile(profile(Action::errno_, {rule({"no_such_call"}, Action::allow)})), AUDIT_ARCH_X86_64,
            900) == eperm);
}

TEST_CASE("errnoRet is the errno of ERRNO and the message of TRACE") {
  auto with = profile(Action::errno_, {rule({"read"}, Action::trace), rule({"write"}, Action::errno_)});
  with.default_errno_ret = 38;
  with.syscalls[0].errno_ret = 77;
  const auto program = compile(with);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 0) == (SECCOMP_RET_TRACE | 77));
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 1) == eperm);
  CHECK(ask(*program, AUDIT_ARCH_X86_64, 2) == (SECCOMP_RET_ERRNO | 38));
}

TEST_CASE("less or equal behind another comparison means that on 32 bits, too") {
  const auto program = compile(
      profile(Action::errno_, {rule({"ioctl"}, Action::allow, {{0, 3, 0, Op::eq}, {1, 10, 0, Op::le}})},
              {"SCMP_ARCH_X86"}));
  REQUIRE(program);
  const auto ioctl = number_of("SCMP_ARCH_X86", "ioctl");
  CHECK(ask(*program, AUDIT_ARCH_I386, ioctl, {3, 10}) == SECCOMP_RET_ALLOW);
  CHECK(ask(*program, AUDIT_ARCH_I386, ioctl, {3, 11}) == eperm);
  CHECK(ask(*program, AUDIT_ARCH_I386, ioctl, {4, 10}) == eperm);
}

TEST_CASE("rules of one action are alternatives, however many comparisons each has") {
  std::mt19937_64 random(11);
  for (unsigned i = 0; i < 400; ++i) {
    const auto random_rules = test::random_alternatives(random, "ioctl");
    const auto program = compile(random_rules, false);
    REQUIRE(program);
    for (unsigned j = 0; j < 300; ++j) {
      const auto args = test::random_arguments(random, random_rules);
      INFO(test::to_text(random_rules));
      for (const auto value : args) UNSCOPED_INFO(value);
      REQUIRE(ask(*program, AUDIT_ARCH_X86_64, 16, args) ==
              (test::any_rule_holds(random_rules, args) ? SECCOMP_RET_ALLOW : eperm));
    }
  }
}

TEST_CASE("long programs jump far, and every call still gets its verdict") {
  // Each call with rules of its own: blocks far larger than a conditional jump reaches.
  std::vector<spec::SeccompSyscall> rules;
  for (unsigned call = 0; call < 40; ++call)
    for (std::uint64_t value = 0; value < 8; ++value)
      rules.push_back(rule({std::string(syscall_name(call * 9))}, Action::allow,
                           {{0, call * 1000 + value * 3, 0, Op::gt}, {1, value, 0, Op::eq}}));
  const auto long_profile = profile(Action::errno_, rules);
  const auto program = compile(long_profile, false);
  REQUIRE(program);
  CHECK(program->instructions.size() > 2000);
  for (unsigned call = 0; call < 40; ++call) {
    const auto slot = syscall_slot(native_architecture(), call * 9);
    if (slot == no_slot) continue;
    for (std::uint64_t value = 0; value < 9; ++value) {
      const auto border = call * 1000 + value * 3;
      INFO(syscall_name(call * 9) << " " << value);
      CHECK(ask(*program, AUDIT_ARCH_X86_64, slot, {border + 1, value}) ==
            (value < 8 ? SECCOMP_RET_ALLOW : eperm));
      CHECK(ask(*program, AUDIT_ARCH_X86_64, slot, {border, value}) == eperm);
    }
  }
}

TEST_CASE("what is longer than the kernel takes is refused with the numbers") {
  std::vector<spec::SeccompSyscall> rules;
  for (std::uint64_t value = 0; value < 1000; ++value)
    rules.push_back(rule({"ioctl"}, Action::allow, {{1, value << 20, 0, Op::gt}, {2, value, 0, Op::eq}}));
  CHECK_THAT(
      refusal(profile(Action::errno_, rules)),
      Catch::StartsWith("linux.seccomp: the profile needs ") && Catch::Contains("the kernel takes 4096"));
}

TEST_CASE("flags") {
  auto with = profile(Action::allow, {});
  CHECK(compile(with)->flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);  // absent
  with.flags.emplace();
  CHECK(compile(with)->flags == 0);  // empty is an answer
  with.flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"};
  CHECK(compile(with)->flags == SECCOMP_FILTER_FLAG_LOG);
  with.flags = {"SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
  CHECK(compile(with)->flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  with.flags = {"SECCOMP_FILTER_FLAG_FLY"};
  CHECK(refusal(with) == "linux.seccomp.flags: unknown flag \"SECCOMP_FILTER_FLAG_FLY\"");
  with.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  with.syscalls = {rule({"mkdir"}, Action::notify)};
  CHECK(compile(with)->flags == (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
}

TEST_CASE("architectures of other machines are accepted, unknown ones are not") {
  const auto rules = std::vector{rule({"read"}, Action::kill)};
  const auto plain = compile(profile(Action::allow, rules));
  const auto foreign = compile(profile(Action::allow, rules, {"SCMP_ARCH_S390X", "SCMP_ARCH_LOONGARCH64"}));
  REQUIRE(foreign);
  CHECK(foreign->instructions.size() == plain->instructions.size());
  CHECK(refusal(profile(Action::allow, rules, {"SCMP_ARCH_VAX"})) ==
        "linux.seccomp.architectures: unknown architecture \"SCMP_ARCH_VAX\"");
}

TEST_CASE("a profile that stops the listener on its way is refused by the call's name") {
  const auto verdict = [](const spec::Seccomp& with) {
    const auto checked = check_listener(with);
    return checked ? std::string("accepted") : checked.error().text;
  };
  const auto ask = rule({"mkdir"}, Action::notify);
  const auto pass = rule({"sendmsg", "recvmsg", "close"}, Action::allow);
  CHECK(verdict(profile(Action::allow, {ask})) == "accepted");
  CHECK(verdict(profile(Action::log, {ask})) == "accepted");
  for (const auto action :
       {Action::errno_, Action::kill, Action::kill_process, Action::trap, Action::trace}) {
    CHECK(verdict(profile(action, {ask, pass})) == "accepted");
    CHECK_THAT(verdict(profile(action, {ask})),
               Catch::StartsWith("linux.seccomp: the profile stops sendmsg, "));
    CHECK_THAT(verdict(profile(action, {ask, rule({"sendmsg", "close"}, Action::allow)})),
               Catch::Contains("stops recvmsg"));
    CHECK_THAT(verdict(profile(Action::allow, {ask, rule({"recvmsg"}, action, {{0, 1, 0, Op::eq}})})),
               Catch::Contains("stops recvmsg"));
  }
  const auto most = rule({"sendmsg", "recvmsg"}, Action::allow);
  CHECK(verdict(profile(Action::errno_, {ask, most})) == "accepted");  // close may fail
  CHECK_THAT(verdict(profile(Action::kill, {ask, most})), Catch::Contains("stops close"));
  CHECK(verdict(profile(Action::kill, {ask, most, rule({"close"}, Action::notify)})) == "accepted");
  // Without notifications there is no listener.
  CHECK(verdict(profile(Action::kill, {})) == "accepted");
}

TEST_CASE("rules that contradict each other are refused by the call's name") {
  CHECK_THAT(refusal(profile(Action::allow, {rule({"read"}, Action::kill, {{0, 1, 0, Op::eq}}),
                                             rule({"read"}, Action::trap, {{0, 1, 0, Op::eq}})})),
             Catch::StartsWith("linux.seccomp.syscalls: the rules for \"read\" give two actions"));
}

TEST_CASE("Docker's profile stays small") {
  const auto program = compile(test::docker_profile());
  REQUIRE(program);
  CHECK(program->instructions.size() <= 340);
  unsigned worst = 0;
  for (int number = 0; number < 500; ++number) {
    unsigned steps = 0;
    test::run(program->instructions, {number, AUDIT_ARCH_X86_64, 0, {}}, &steps);
    worst = std::max(worst, steps);
  }
  CHECK(worst <= 25);  // steps of the machine for the costliest call
}
