#include "tests/unit/runtime/security/oracle.hpp"

#include <linux/audit.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/unit/runtime/security/bpf_machine.hpp"

namespace lodger::test {

namespace {

using Action = spec::SeccompAction;

std::uint32_t scmp_action(Action action, std::optional<std::uint32_t> errno_ret) {
  const std::uint32_t data = errno_ret.value_or(1);
  switch (action) {
    case Action::kill:
    case Action::kill_thread: return SCMP_ACT_KILL_THREAD;
    case Action::kill_process: return SCMP_ACT_KILL_PROCESS;
    case Action::trap: return SCMP_ACT_TRAP;
    case Action::errno_: return SCMP_ACT_ERRNO(data);
    case Action::trace: return SCMP_ACT_TRACE(data);
    case Action::allow: return SCMP_ACT_ALLOW;
    case Action::log: return SCMP_ACT_LOG;
    case Action::notify: return SCMP_ACT_NOTIFY;
  }
  throw std::logic_error("action");
}

scmp_arg_cmp comparison(const spec::SeccompArg& arg) {
  constexpr std::array operators{SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,       SCMP_CMP_EQ,
                                 SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};
  return {arg.index, operators[static_cast<std::size_t>(arg.op)], arg.value, arg.value_two};
}

std::uint32_t token(const std::string& name) {
  std::string lower = name.substr(sizeof "SCMP_ARCH_" - 1);
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  return seccomp_arch_resolve_name(lower.c_str());
}

// False where libseccomp refuses the rule.
bool add_rule(scmp_filter_ctx filter, std::uint32_t action, int call, const std::vector<scmp_arg_cmp>& args) {
  const auto count = static_cast<unsigned>(args.size());
  const int answer = seccomp_rule_add_array(filter, action, call, count, args.data());
  if (answer != 0 && answer != -EEXIST)
    throw std::runtime_error("seccomp_rule_add_array: " + std::to_string(answer));
  return answer == 0;
}

bool add_syscall(scmp_filter_ctx filter, const spec::SeccompSyscall& syscall, std::uint32_t action) {
  std::vector<scmp_arg_cmp> args;
  for (const auto& arg : syscall.args) args.push_back(comparison(arg));
  std::array<int, 6> seen{};
  for (const auto& arg : args) ++seen[arg.arg];
  const bool apart = std::ranges::any_of(seen, [](int n) { return n > 1; });
  for (const auto& name : syscall.names) {
    const int call = seccomp_syscall_resolve_name(name.c_str());
    if (call == __NR_SCMP_ERROR) continue;
    if (!apart && !add_rule(filter, action, call, args)) return false;
    if (apart)
      for (const auto& arg : args)
        if (!add_rule(filter, action, call, {arg})) return false;
  }
  return true;
}

std::vector<sock_filter> exported(scmp_filter_ctx filter) {
  const int fd = memfd_create("bpf", MFD_CLOEXEC);
  if (seccomp_export_bpf(filter, fd) != 0) throw std::runtime_error("seccomp_export_bpf");
  const off_t size = lseek(fd, 0, SEEK_END);
  std::vector<sock_filter> out(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (pread(fd, out.data(), static_cast<std::size_t>(size), 0) != size) throw std::runtime_error("pread");
  close(fd);
  return out;
}

using Filter = std::unique_ptr<void, void (*)(void*)>;

std::optional<std::vector<sock_filter>> filled(const Filter& filter, const spec::Seccomp& profile,
                                               std::uint32_t otherwise) {
  for (const auto& syscall : profile.syscalls) {
    const std::uint32_t action = scmp_action(syscall.action, syscall.errno_ret);
    if (action != otherwise && !add_syscall(filter.get(), syscall, action)) return std::nullopt;
  }
  return exported(filter.get());
}

// Puts back the load of the call's number, behind the check of the only architecture.
void mend(std::vector<sock_filter>& program) {
  auto& check = program.at(1);
  if (check.jt != 0) throw std::runtime_error("not the program of one architecture");
  if (program.at(2).code == (BPF_LD | BPF_W | BPF_ABS)) return;
  if (program.at(2).code == (BPF_RET | BPF_K)) return;  // no rule at all
  ++check.jf;
  program.insert(program.begin() + 2, {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0});
}

}  // namespace

std::optional<std::vector<sock_filter>> libseccomp_program(const spec::Seccomp& profile) {
  const std::uint32_t otherwise = scmp_action(profile.default_action, profile.default_errno_ret);
  const Filter filter(seccomp_init(otherwise), seccomp_release);
  for (const auto& name : profile.architectures) {
    const int answer = seccomp_arch_add(filter.get(), token(name));
    if (answer != 0 && answer != -EEXIST) throw std::runtime_error("seccomp_arch_add " + name);
  }
  return filled(filter, profile, otherwise);
}

std::optional<Oracle> Oracle::make(const spec::Seccomp& profile, Programs programs) {
  Oracle out;
  if (programs == Programs::one) {
    auto program = libseccomp_program(profile);
    if (!program) return std::nullopt;
    out.parts_.push_back({0, false, std::move(*program)});
    return out;
  }
  const std::uint32_t otherwise = scmp_action(profile.default_action, profile.default_errno_ret);
  std::set<std::uint32_t> tokens{seccomp_arch_native()};
  for (const auto& name : profile.architectures) tokens.insert(token(name));
  for (const std::uint32_t arch : tokens) {
    const Filter filter(seccomp_init(otherwise), seccomp_release);
    if (arch != seccomp_arch_native()) {
      seccomp_arch_remove(filter.get(), seccomp_arch_native());
      if (seccomp_arch_add(filter.get(), arch) != 0) throw std::runtime_error("seccomp_arch_add");
    }
    auto program = filled(filter, profile, otherwise);
    if (!program) return std::nullopt;
    mend(*program);
    const bool x32 = arch == SCMP_ARCH_X32;
    out.parts_.push_back({x32 ? AUDIT_ARCH_X86_64 : arch, x32, std::move(*program)});
  }
  return out;
}

std::uint32_t Oracle::verdict(const seccomp_data& data) const {
  const Part* answers = nullptr;
  for (const auto& part : parts_) {
    const bool fits = part.audit == 0 || part.audit == data.arch;
    if (fits && (!part.x32 || static_cast<std::uint32_t>(data.nr) >= 0x40000000)) answers = &part;
    if (fits && part.x32 && static_cast<std::uint32_t>(data.nr) >= 0x40000000) break;
  }
  return answers ? run(answers->program, data) : SECCOMP_RET_KILL_THREAD;
}

}  // namespace lodger::test
