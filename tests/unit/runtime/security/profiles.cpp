#include "profiles.hpp"

#include <fmt/core.h>

#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "reference.hpp"
#include "runtime/security/syscalls.hpp"
#include "spec/parse.hpp"

namespace lodger::test {

using Action = spec::SeccompAction;
using Op = spec::SeccompOperator;

spec::SeccompSyscall rule(std::vector<std::string> names, Action action, std::vector<spec::SeccompArg> args) {
  return {std::move(names), action, std::nullopt, std::move(args)};
}

spec::Seccomp profile(Action otherwise, std::vector<spec::SeccompSyscall> rules,
                      std::vector<std::string> architectures) {
  spec::Seccomp out;
  out.default_action = otherwise;
  out.syscalls = std::move(rules);
  out.architectures = std::move(architectures);
  return out;
}

spec::Seccomp docker_profile() {
  std::ifstream file(LODGER_FIXTURES "/seccomp/docker-default.json");
  std::stringstream text;
  text << R"({"ociVersion":"1.0.0","linux":{"seccomp":)" << file.rdbuf() << "}}";
  const auto config = spec::parse(text.str());
  if (!config) throw std::runtime_error(config.error().text);
  return *config->linux->seccomp;
}

std::vector<std::vector<std::string>> architecture_lists() {
  return {{},
          {"SCMP_ARCH_X86_64"},
          {"SCMP_ARCH_X86"},
          {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"},
          {"SCMP_ARCH_X32"},
          {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"},
          {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"},
          {"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"},
          {"SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64"}};
}

std::vector<spec::Seccomp> hand_written() {
  const auto all = architecture_lists().at(5);
  const unsigned long long large = 0x123456789abcdef0;
  std::vector<spec::Seccomp> out;
  out.push_back(profile(Action::allow, {}));
  out.push_back(profile(Action::errno_, {}, all));
  out.push_back(profile(Action::kill_process, {rule({"read", "write", "exit_group"}, Action::allow)}, all));
  out.push_back(profile(Action::allow, {rule({"no_such_call", "getpid"}, Action::trap)}, all));
  out.push_back(profile(Action::log, {rule({"socketcall"}, Action::kill)}, all));
  out.push_back(profile(Action::trace, {rule({"socket", "recv", "shmget", "msgctl"}, Action::allow)}, all));
  for (const Op op : {Op::ne, Op::lt, Op::le, Op::eq, Op::ge, Op::gt})
    for (const auto value : {0ULL, 7ULL, 0xffffffffULL, 1ULL << 32, large, ~0ULL})
      out.push_back(
          profile(Action::errno_, {rule({"ioctl", "socket"}, Action::allow, {{1, value, 0, op}})}, all));
  for (const auto mask : {0ULL, 0xffULL, 0xff00000000ULL, 0xffffffffULL, ~0ULL, large})
    for (const auto value : {0ULL, 3ULL, large})
      out.push_back(
          profile(Action::allow, {rule({"clone"}, Action::kill, {{0, mask, value, Op::masked_eq}})}, all));
  // Two comparisons of one argument are alternatives; of two arguments, both must hold.
  out.push_back(profile(
      Action::errno_,
      {rule({"fcntl"}, Action::allow, {{1, 1, 0, Op::eq}, {1, 9, 0, Op::gt}, {2, 3, 0, Op::ne}})}, all));
  out.push_back(
      profile(Action::errno_, {rule({"prctl"}, Action::allow, {{4, 1, 0, Op::eq}, {0, 9, 0, Op::gt}})}, all));
  // The first unconditional rule stays, and replaces conditional ones before it.
  out.push_back(profile(Action::errno_, {rule({"read"}, Action::allow), rule({"read"}, Action::kill)}, all));
  out.push_back(profile(Action::errno_,
                        {rule({"read"}, Action::trap, {{0, 1, 0, Op::eq}}), rule({"read"}, Action::allow),
                         rule({"read"}, Action::log, {{1, 1, 0, Op::eq}})},
                        all));
  // What has the default action already is skipped, though it would win otherwise.
  out.push_back(
      profile(Action::errno_, {rule({"read"}, Action::errno_), rule({"read"}, Action::allow)}, all));
  return out;
}

namespace {

spec::SeccompArg random_arg(std::mt19937_64& random, std::uint32_t index) {
  constexpr std::array<std::uint64_t, 10> values{0,   1,          5,          6,          7,
                                                 255, 0xfffffffe, 0xffffffff, 1ULL << 32, 0x500000007};
  const auto op = static_cast<Op>(random() % 7);
  const auto pick = [&] { return values[random() % values.size()]; };
  return {index, pick(), pick(), op};
}

// What libseccomp 2.5.4 gets wrong is kept out (seccomp_test.cpp holds lodger to the specification there):
//  - on 32 bits it turns "less or equal" around behind another comparison;
//  - where the rules of one call have several comparisons each, it may forget those after one that holds in
//  part;
//  - of several orders ("less", "greater") of one argument it mixes those up that differ in the upper half.
// So a call has either one rule of several comparisons, or several rules of one.
bool libseccomp_errs(const std::vector<spec::SeccompArg>& args, bool one) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && args[i].op == Op::le) return true;
    const bool is_order =
        args[i].op == Op::le || args[i].op == Op::lt || args[i].op == Op::ge || args[i].op == Op::gt;
    if (one && is_order && args[i].value >> 32) return true;
  }
  return false;
}

std::vector<spec::SeccompArg> random_args(std::mt19937_64& random, bool one) {
  for (;;) {
    std::vector<spec::SeccompArg> args;
    const auto count = random() % (one ? 2 : 4);
    for (std::uint32_t index = 0; index < 6 && args.size() < count; ++index)
      if (random() % 3 == 0) args.push_back(random_arg(random, index));
    if (!libseccomp_errs(args, one)) return args;
  }
}

Action random_action(std::mt19937_64& random) {
  constexpr std::array actions{Action::kill,  Action::kill_process, Action::trap, Action::errno_,
                               Action::trace, Action::allow,        Action::log};
  return actions[random() % actions.size()];
}

std::string random_name(std::mt19937_64& random) {
  constexpr unsigned known = 480;  // all but the last few, of whatever libseccomp lodger was built with
  return std::string(security::syscall_name(static_cast<unsigned>(random() % known)));
}

bool is_multiplexed(const std::string& name) {
  const auto x86 = *security::find_architecture("SCMP_ARCH_X86");
  return name == "ipc" || name == "socketcall" || security::multiplexed(x86, *security::find_syscall(name));
}

bool is_not_equal(const spec::SeccompSyscall& rule) {
  return !rule.args.empty() && rule.args[0].op == Op::ne;
}

// The rules of one call. Where they disagree there are two at most, and one "not equal": of more, libseccomp
// loses some for arguments above 32 bits.
void add_rules(std::mt19937_64& random, spec::Seccomp& out, const std::string& name, Conflicts conflicts) {
  auto action = random_action(random);
  const auto code = static_cast<std::uint32_t>(1 + random() % 3);
  const bool disagree = conflicts == Conflicts::some;
  const bool plain = is_multiplexed(name);  // it gets a comparison of socketcall's or ipc's number anyway
  const auto rules = random() % 3 || plain ? 1 : 1 + random() % (disagree ? 2 : 4);
  for (unsigned i = 0; i < rules; ++i) {
    if (disagree) action = random_action(random);
    auto one = rule({name}, action);
    if (!plain) one.args = random_args(random, rules > 1);
    if (action == Action::errno_) one.errno_ret = code;
    const bool second_not_equal = i > 0 && disagree && is_not_equal(one) && is_not_equal(out.syscalls.back());
    if (!second_not_equal) out.syscalls.push_back(std::move(one));
  }
}

}  // namespace

spec::Seccomp random_profile(std::mt19937_64& random, Conflicts conflicts) {
  const auto lists = architecture_lists();
  auto out = profile(random_action(random), {}, lists[random() % lists.size()]);
  const auto calls = 1 + random() % 40;
  std::set<std::string> taken{"sys_debug_setcontext"};  // PowerPC's, which libseccomp cannot name elsewhere
  for (unsigned i = 0; i < calls; ++i) {
    const auto name = random_name(random);
    if (!taken.insert(name).second) continue;
    add_rules(random, out, name, conflicts);
  }
  return out;
}

spec::Seccomp random_alternatives(std::mt19937_64& random, const char* name) {
  auto out = profile(Action::errno_, {});
  const auto rules = 1 + random() % 6;
  while (out.syscalls.size() < rules) {
    std::vector<spec::SeccompArg> args;
    for (std::uint32_t index = 0; index < 3; ++index)
      if (random() % 2) args.push_back(random_arg(random, index));
    if (!args.empty()) out.syscalls.push_back(rule({name}, Action::allow, std::move(args)));
  }
  return out;
}

Arguments random_arguments(std::mt19937_64& random, const spec::Seccomp& profile) {
  constexpr std::array<std::uint64_t, 6> around{0, 1, ~0ULL, 1ULL << 32, ~0ULL << 32, 8};
  Arguments out{};
  for (auto& actual : out) {
    const auto& args = profile.syscalls[random() % profile.syscalls.size()].args;
    const auto& arg = args[random() % args.size()];
    actual = (random() % 2 ? arg.value : arg.value_two) + around[random() % around.size()];
  }
  return out;
}

std::string to_text(const spec::Seccomp& profile) {
  std::string out = fmt::format("default {}", static_cast<int>(profile.default_action));
  for (const auto& name : profile.architectures) out += " " + name;
  out += "\n";
  for (const auto& syscall : profile.syscalls) {
    if (syscall.names.size() > 8) continue;
    for (const auto& name : syscall.names) out += name + " ";
    out += fmt::format("-> {} {}", static_cast<int>(syscall.action), syscall.errno_ret.value_or(0));
    for (const auto& arg : syscall.args)
      out += fmt::format(" [{} op{} {:#x} {:#x}]", arg.index, static_cast<int>(arg.op), arg.value,
                         arg.value_two);
    out += "\n";
  }
  return out;
}

}  // namespace lodger::test
