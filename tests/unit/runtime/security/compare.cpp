#include "compare.hpp"

#include <fmt/core.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <set>

#include "bpf_machine.hpp"
#include "runtime/security/syscalls.hpp"

namespace lodger::test {

namespace {

// What lies around each value of the profile, in both halves of the register.
std::vector<std::uint64_t> interesting_values(const spec::Seccomp& profile) {
  std::set<std::uint64_t> values{0, 1, 2, ~0ULL, 0xffffffff, 1ULL << 32, 1ULL << 63};
  for (const auto& syscall : profile.syscalls)
    for (const auto& arg : syscall.args)
      for (const auto value : {arg.value, arg.value_two, ~arg.value, arg.value & arg.value_two})
        for (const std::uint64_t by : {0ULL, 1ULL, ~0ULL, 1ULL << 32, ~0ULL << 32}) values.insert(value + by);
  for (std::uint64_t call = 0; call < 25; ++call) values.insert(call);  // socketcall and ipc
  return {values.begin(), values.end()};
}

// The numbers, on any architecture, of calls whose arguments the profile looks at.
std::set<std::uint32_t> conditional_numbers(const spec::Seccomp& profile) {
  std::set<std::uint32_t> numbers;
  const auto archs = security::architectures();
  for (const auto& syscall : profile.syscalls)
    for (const auto& name : syscall.names)
      for (unsigned a = 0; a < archs.size(); ++a) {
        const auto call = security::find_syscall(name);
        if (!call) continue;
        if (const auto door = security::multiplexed(a, *call)) numbers.insert(archs[a].base + door->slot);
        const auto slot = security::syscall_slot(a, *call);
        if (!syscall.args.empty() && slot < security::private_slot) numbers.insert(archs[a].base + slot);
      }
  return numbers;
}

std::optional<std::string> tell_apart(std::span<const sock_filter> program, const Oracle& oracle,
                                      const seccomp_data& data) {
  const auto ours = run(program, data);
  const auto theirs = oracle.verdict(data);
  if (ours == theirs) return std::nullopt;
  return fmt::format(
      "arch {:#x} number {:#x} args {:#x} {:#x} {:#x} {:#x} {:#x} {:#x}: lodger {:#x}, libseccomp {:#x}",
      data.arch, static_cast<std::uint32_t>(data.nr), data.args[0], data.args[1], data.args[2], data.args[3],
      data.args[4], data.args[5], ours, theirs);
}

}  // namespace

std::vector<std::uint32_t> audit_numbers() {
  std::set<std::uint32_t> out{AUDIT_ARCH_S390X, 0};
  for (const auto& arch : security::architectures()) out.insert(arch.audit);
  return {out.begin(), out.end()};
}

std::vector<std::uint32_t> call_numbers() {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t base : {0U, 4000U, 5000U, 6000U, 0x40000000U})
    for (std::uint32_t n = 0; n < 1100; ++n) out.push_back(base + n);
  for (std::uint32_t n = 0xefffe; n < 0xf0020; ++n) out.push_back(n);
  for (const std::uint32_t n : {0x3fffffffU, 0x7fffffffU, 0x80000000U, 0xbfffffffU, 0xfffffffeU, 0xffffffffU})
    out.push_back(n);
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::optional<std::string> difference(const spec::Seccomp& profile, std::span<const sock_filter> ours,
                                      const Oracle& oracle, std::mt19937_64& random, unsigned vectors,
                                      std::span<const std::uint32_t> audits) {
  static const auto numbers = call_numbers();
  const auto values = interesting_values(profile);
  const auto conditional = conditional_numbers(profile);
  seccomp_data data{};
  for (const auto audit : audits) {
    data.arch = audit;
    for (const auto number : numbers) {
      data.nr = static_cast<int>(number);
      if (auto found = tell_apart(ours, oracle, data)) return found;
    }
    for (const auto number : conditional) {
      data.nr = static_cast<int>(number);
      for (unsigned i = 0; i < vectors; ++i) {
        for (auto& arg : data.args) arg = values[random() % values.size()];
        if (auto found = tell_apart(ours, oracle, data)) return found;
      }
    }
    std::ranges::fill(data.args, 0);
  }
  return std::nullopt;
}

}  // namespace lodger::test
